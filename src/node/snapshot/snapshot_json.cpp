#include "node/snapshot/snapshot_json.hpp"

#include <utility>

#include "chain/amount.hpp"
#include "runtime/utc_text.hpp"

namespace emeth::node {
namespace {

using boost::json::array;
using boost::json::object;

object progress_json(const worker_protocol::Progress& progress) {
    return {{"stage", progress.stage},    {"epoch", progress.epoch},
            {"step", progress.step},      {"stepsTotal", progress.steps_total},
            {"bytes", progress.bytes},    {"bytesTotal", progress.bytes_total},
            {"loss", progress.loss},      {"tokensPerSecond", progress.tokens_per_s},
            {"workers", progress.workers}};
}

object job_json(const JobSnapshot& job) {
    object json{{"id", job.id.hex()},
                {"state", statemachine::name(job.state)},
                {"why", job.why},
                {"next", job.next},
                {"fee", chain::format_wei(job.fee)},
                {"deposit", chain::format_wei(job.deposit)},
                {"datasetSize", job.dataset_bytes},
                {"deadline", job.deadline_unix_s},
                {"secondsLeft", job.left_s},
                {"restarts", job.restarts}};
    if (job.at_risk) json["atRisk"] = chain::format_wei(*job.at_risk);
    if (job.deposit_in_flight) json["depositInFlight"] = chain::format_wei(*job.deposit_in_flight);
    if (job.decline_price) json["declinePrice"] = chain::format_wei(*job.decline_price);
    if (job.finish_estimate_s) json["finishEstimate"] = *job.finish_estimate_s;
    if (job.chance) json["chance"] = *job.chance;
    if (job.retry_at_unix_ms) json["retryAt"] = (*job.retry_at_unix_ms + 999) / 1'000;
    if (!job.danger.empty()) json["danger"] = job.danger;
    if (job.worker) {
        json["worker"] = job.worker->hex();
        json["lease"] = job.lease;
    }
    if (job.progress) {
        json["progress"] = progress_json(*job.progress);
        json["heardSecondsAgo"] = job.heard_s;
    }
    return json;
}

object worker_json(const WorkerInfo& worker) {
    object json{{"address", worker.address.hex()}, {"connected", worker.connected}};
    if (worker.power_capacity > 0) json["powerCapacity"] = worker.power_capacity;
    if (worker.fitness) {
        object speeds;
        for (const auto& [model, tokens_per_s] : worker.fitness->tokens_per_s) speeds[model] = tokens_per_s;
        json["tokensPerSecond"] = std::move(speeds);
        if (worker.fitness->watts) json["watts"] = *worker.fitness->watts;
    }
    if (worker.connected)
        if (const auto unfit = why_unfit(worker.fitness, "")) json["unfit"] = *unfit;
    if (worker.job) json["job"] = worker.job->hex();
    if (worker.helps) json["helps"] = worker.helps->hex();
    if (worker.rest > Milliseconds::zero()) json["restSeconds"] = worker.rest.count() / 1'000;
    return json;
}

object slot_json(const chain::Slot& slot) {
    object json{{"slot", slot.number},
                {"ownGas", slot.own_gas},
                {"totalGas", slot.total_gas},
                {"reward", chain::format_wei(slot.reward)}};
    if (const auto expected = expected_reward(slot)) json["expected"] = chain::format_wei(*expected);
    return json;
}

object network_json(const NetworkStatus& network) {
    array servers;
    for (const ServerStatus& server : network.servers) {
        object json{{"name", server.name}, {"up", server.trouble.empty()}, {"latencyMs", server.latency.count()}};
        if (!server.trouble.empty()) json["trouble"] = server.trouble;
        servers.push_back(std::move(json));
    }
    object json{{"askedAt", network.asked_at_unix_ms / 1'000}, {"servers", std::move(servers)}};
    if (network.head) {
        json["block"] = network.head->number;
        json["blockTime"] = network.head->timestamp_unix_s;
    }
    if (network.emt_free) json["emtFree"] = chain::format_wei(*network.emt_free);
    if (network.alt_free) json["altFree"] = chain::format_wei(*network.alt_free);
    if (network.today) json["today"] = slot_json(*network.today);
    json["warnings"] = array(network.warnings.begin(), network.warnings.end());
    return json;
}

}  // namespace

array jobs_json(const Snapshot& snapshot) {
    array jobs;
    for (const JobSnapshot& job : snapshot.jobs) jobs.push_back(job_json(job));
    return jobs;
}

array workers_json(const Snapshot& snapshot) {
    array workers;
    for (const WorkerInfo& worker : snapshot.workers) workers.push_back(worker_json(worker));
    return workers;
}

object day_json(const DayOfIncome& day, const std::optional<chain::Slot>& slot) {
    object json{{"day", utc_date(static_cast<std::int64_t>(day.day) * chain::slot_seconds * 1'000)},
                {"verified", day.verified},
                {"penalised", day.penalised},
                {"gas", day.gas},
                {"earned", chain::format_wei(chain::saturating_sum(day.fees, day.withdrawn.value_or(Wei{})))},
                {"fees", chain::format_wei(day.fees)},
                {"penalties", chain::format_wei(day.penalties)}};
    if (day.unknown > 0) json["unknownAmounts"] = day.unknown;
    if (day.is_withdrawn)
        json["withdrawn"] = day.withdrawn ? boost::json::value(chain::format_wei(*day.withdrawn)) : nullptr;
    if (slot) json["slot"] = slot_json(*slot);
    return json;
}

object to_json(const Snapshot& snapshot) {
    array days;
    for (const DayOfIncome& day : snapshot.days) days.push_back(day_json(day, std::nullopt));
    object json{{"at", snapshot.at_unix_ms / 1'000},
                {"master", snapshot.has_master},
                {"drained", snapshot.is_drained},
                {"address", snapshot.wallet.hex()},
                {"locked", chain::format_wei(snapshot.locked)},
                {"jobs", jobs_json(snapshot)},
                {"workers", workers_json(snapshot)},
                {"days", std::move(days)}};
    if (snapshot.at_risk) json["atRisk"] = chain::format_wei(*snapshot.at_risk);
    if (snapshot.network) json["network"] = network_json(*snapshot.network);
    return json;
}

}  // namespace emeth::node
