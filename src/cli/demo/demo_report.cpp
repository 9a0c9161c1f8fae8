#include "cli/demo/demo_report.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <utility>

#include "runtime/json_fields.hpp"
#include "statemachine/amount_text.hpp"

namespace emeth::cli {

namespace {

namespace json = boost::json;

/// When each state was entered, from the history.
json::array states_of(const harness::JobSnapshot& demo_job) {
    json::array states;
    for (const auto& entry : demo_job.history) {
        const bool entered = !entry.rejection && (entry.sequence == 1 || entry.from != entry.to);
        if (entered)
            states.emplace_back(
                json::object{{"state", statemachine::name(entry.to)}, {"at_unix_ms", entry.event.at_unix_ms}});
    }
    return states;
}

json::array transactions_of(const harness::JobSnapshot& demo_job) {
    json::array transactions;
    for (const auto& entry : demo_job.transactions)
        transactions.emplace_back(json::object{
            {"kind", storage::name(entry.kind)}, {"hash", entry.hash.hex()}, {"block", entry.mined_block}});
    return transactions;
}

json::object job_of(const harness::JobSnapshot& demo_job) {
    const auto& job = demo_job.job;
    json::array losses;
    std::string artifact_sha256;
    if (const auto& artifact = job.training.artifact) {
        for (const double loss : artifact->epoch_losses) losses.emplace_back(loss);
        artifact_sha256 = artifact->sha256.hex();
    }
    return {{"id", job.terms.id.hex()},
            {"dataset_bytes", job.terms.dataset_bytes},
            {"fee_wei", to_decimal(job.terms.fee)},
            {"deposit_wei", to_decimal(job.deposit.deposit)},
            {"penalty_wei", job.outcome.penalty ? json::value(to_decimal(*job.outcome.penalty)) : json::value(nullptr)},
            {"states", states_of(demo_job)},
            {"transactions", transactions_of(demo_job)},
            {"epoch_losses", std::move(losses)},
            {"artifact_sha256", artifact_sha256},
            {"restarts", job.restarts}};
}

}  // namespace

std::string to_json_text(const DemoReport& report) {
    json::array jobs, kills;
    for (const auto& job : report.jobs) jobs.emplace_back(job_of(job));
    for (const auto& kill : report.kills)
        kills.emplace_back(json::object{{"process", kill.process}, {"at_unix_ms", kill.at_unix_ms}});
    json::object object{{"jobs", std::move(jobs)},
                        {"kills", std::move(kills)},
                        {"balances", json::object{{"before_wei", to_decimal(report.before.node_emt)},
                                                  {"after_wei", to_decimal(report.after.node_emt)}}},
                        {"reward_wei", to_decimal(report.reward)},
                        {"ok", report.ok}};
    if (!report.failure.empty()) object["failure"] = report.failure;
    return json_text(object) + "\n";
}

}  // namespace emeth::cli
