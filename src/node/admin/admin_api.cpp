#include "node/admin/admin_api.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "chain/amount.hpp"
#include "node/market/drain.hpp"
#include "node/market/refusal_counts.hpp"
#include "node/market/track_book.hpp"
#include "node/money/income.hpp"
#include "node/snapshot/snapshot_json.hpp"
#include "runtime/json_fields.hpp"
#include "runtime/subject_log.hpp"

namespace emeth::node {
namespace {

namespace sm = statemachine;
using boost::json::array;
using boost::json::object;
using boost::json::value;

constexpr Milliseconds decline_poll{50};
/// 10 s: after that, a step that may not be interrupted or a store that cannot write is in the way.
constexpr int decline_polls_max = 200;

/// Of a JOB that would be taken otherwise.
void refuse(object& job, const std::string& reason) {
    if (job.contains("refused")) return;
    job["refused"] = reason;
    job.erase("finishEstimate");
    job.erase("expectedValue");
}

array value_json(const ValueBasis& basis) {
    array terms;
    for (const ValueLine& line : explained(basis))
        terms.push_back(object{{"term", line.name}, {"amount", line.wei}, {"coins", line.coins}, {"how", line.how}});
    return terms;
}

/// What a snapshot takes from the store.
struct Stored {
    std::vector<sm::Job> active;
    std::vector<DayOfIncome> days;
    bool is_drained = false;
};

std::uint64_t day_at(std::int64_t unix_ms) {
    return static_cast<std::uint64_t>(unix_ms / 1'000 / chain::slot_seconds);
}

Result<Stored> read_store(const NodePorts& ports, std::int64_t now_unix_ms) {
    Result<std::vector<sm::Job>> active = ports.jobs.active();
    if (active.has_error()) return active.error();
    Result<std::vector<DayOfIncome>> days = read_income(ports.notes, day_at(now_unix_ms), days_shown);
    if (days.has_error()) return days.error();
    const Result<bool> drained = is_drained(ports.notes);
    if (drained.has_error()) return drained.error();
    return Stored{*std::move(active), *std::move(days), *drained};
}

object withdrawal_json(const Withdrawal& withdrawal) {
    return {{"slot", withdrawal.slot},
            {"amount", withdrawal.amount ? value(chain::format_wei(*withdrawal.amount)) : value(nullptr)},
            {"transaction", withdrawal.transaction.hex()}};
}

}  // namespace

Task<Result<value>> AdminApi::handle(std::string method, object params) {
    const value given(std::move(params));
    JsonObject fields(given, "params");
    const auto job = fields.optional_fixed<JobId>("job");
    const auto slot = fields.optional_u64("slot");
    const auto on = fields.optional_boolean("on");
    const auto days = fields.optional_u64("days", 1, reward_days_max);
    if (const auto checked = fields.check(); checked.has_error()) co_return checked.error();
    if (method == "joblist") co_return co_await job_list(job);
    if (method == "status" || method == "jobs" || method == "workers") {
        const Result<Snapshot> now = co_await snapshot();
        if (now.has_error()) co_return now.error();
        if (method == "status") co_return value(to_json(*now));
        co_return value(
            object{{"master", now->has_master}, {method, method == "jobs" ? jobs_json(*now) : workers_json(*now)}});
    }
    if (method == "refusals") co_return co_await refusals();
    if (method == "log") co_return log();
    if (method == "rewards") co_return co_await rewards(days.value_or(days_shown));
    if (method == "drain") co_return co_await drain(on.value_or(true));
    if (method == "decline") co_return co_await decline(job);
    if (method == "retry") co_return retry(job);
    if (method == "withdraw") co_return co_await withdraw(slot);
    if (method != "stop") co_return permanent_error("the master knows no method '" + method + "'");
    stop_();
    co_return value("stopping");
}

Task<Result<Snapshot>> AdminApi::snapshot() {
    JobServices& services = ports_.services;
    const std::int64_t now_unix_ms = services.ports.clock.unix_ms();
    auto read = [&services, now_unix_ms] { return read_store(services.ports, now_unix_ms); };
    Result<Stored> stored = co_await services.ports.pool.run(std::move(read));
    if (stored.has_error()) co_return stored.error();
    for (sm::Job& job : stored->active)
        if (services.supervisor.retries_now(job.terms.id)) job.retry.retry_at_unix_ms = now_unix_ms;
    SnapshotSources sources{
        .now_unix_ms = now_unix_ms,
        .now = services.ports.clock.monotonic(),
        .has_master = ports_.discovery != nullptr,
        .wallet = services.ports.sender.address(),
        .constants = ports_.constants,
        .rules = ports_.config.selection.rules,
        .is_drained = stored->is_drained,
        .active = std::move(stored->active),
        .days = std::move(stored->days),
        .workers = services.workers.workers(),
        .progress = services.progress,
        .network = ports_.network == nullptr ? std::nullopt : ports_.network->latest(),
        .confirmations = ports_.config.confirmations,
        .verdict_confirmations = std::max(ports_.config.confirmations, ports_.config.verdict_confirmations)};
    co_return make_snapshot(std::move(sources));
}

Task<Result<value>> AdminApi::job_list(std::optional<JobId> only) {
    const Result<Snapshot> now = co_await snapshot();
    if (now.has_error()) co_return now.error();
    object answer{{"own", jobs_json(*now)}, {"workers", workers_json(*now)}};
    Result<object> open = co_await market(only, now->is_drained);
    if (open.has_error()) {
        answer["marketTrouble"] = open.error().message;
        answer["open"] = answer["standstill"] = array();
    } else {
        for (auto& [key, part] : *open) answer[key] = std::move(part);
    }
    co_return value(std::move(answer));
}

Task<Result<object>> AdminApi::market(std::optional<JobId> only, bool drained) {
    Prospector& prospector = ports_.services.prospector;
    std::vector<api_client::JobOffer> offers;
    if (!only) {
        auto listed = co_await ports_.services.offers.open_jobs();
        if (listed.has_error()) co_return listed.error();
        offers = *std::move(listed);
    }
    const Result<NodeView> view = co_await prospector.view(std::nullopt);
    if (view.has_error()) co_return view.error();
    const std::vector<JobId> ids = only ? std::vector{*only} : prospector.ranked(offers, *view);
    array open;
    const auto judged_count = std::min(ids.size(), judged_jobs_max);
    for (std::size_t index = 0; index < judged_count; ++index) {
        object json = co_await judged(ids[index], *view, only.has_value());
        open.push_back(std::move(json));
    }
    std::vector<std::string> standstill = prospector.standstill(*view);
    if (drained) {
        standstill.emplace_back(drained_sentence);
        for (auto& json : open) refuse(json.as_object(), standstill.back());
    }
    // Only now: each look at a JOB has asked the Storage API, which says what time it is there.
    const auto clock = ports_.network_clock.judge(view->chain_now_unix_s);
    if (!clock.may_deposit) {
        standstill.push_back(clock.sentence);
        for (auto& json : open) refuse(json.as_object(), clock.sentence);
    }
    object answer{{"open", std::move(open)},
                  {"openTotal", ids.size()},
                  {"standstill", array(standstill.begin(), standstill.end())}};
    if (const auto& why = ports_.services.offers.why_direct()) answer["direct"] = *why;
    co_return answer;
}

Task<object> AdminApi::judged(JobId id, const NodeView& view, bool explain) {
    const Result<Candidate> candidate = co_await ports_.services.prospector.candidate(id);
    object json{{"id", id.hex()}};
    const auto standing = ports_.discovery == nullptr ? std::nullopt : ports_.discovery->standing(id);
    if (standing && standing->next_look_at_unix_ms)
        json["nextLookSeconds"] =
            std::max<std::int64_t>(0, *standing->next_look_at_unix_ms - system_clock().unix_ms()) / 1'000;
    if (candidate.has_error()) {
        json["refused"] = candidate.error().message;
        co_return json;
    }
    json["fee"] = chain::format_wei(candidate->record.fee);
    json["datasetSize"] = candidate->dataset_bytes;
    json["deadline"] = candidate->record.deadline_unix_s;
    if (const auto basis = ports_.services.prospector.value_basis(*candidate, view)) {
        const ExpectedValue value = expected_value(*basis);
        json["value"] = value_text(value);
        json["valueTerms"] = terms_text(value);
        if (explain) json["valueExplained"] = value_json(*basis);
    }
    const Assessment verdict = ports_.services.prospector.judge(*candidate, view);
    if (standing && !standing->next_look_at_unix_ms) {
        json["refused"] = standing->reason;
    } else if (const auto* refused = std::get_if<Refused>(&verdict)) {
        json["refused"] = refused->reason;
    } else {
        const auto& chosen = std::get<Chosen>(verdict);
        json["finishEstimate"] = chosen.finish_estimate_s;
        json["team"] = chosen.terms.team;
        json["expectedValue"] = value_text(chosen.value);
    }
    co_return json;
}

Task<Result<value>> AdminApi::decline(std::optional<JobId> only) {
    std::vector<JobId> ids;
    ports_.services.supervisor.for_each([&](const sm::Job& job) {
        if (!only || job.terms.id == *only) ids.push_back(job.terms.id);
    });
    if (only && ids.empty()) co_return permanent_error("no active JOB " + only->hex() + "; `emeth joblist` lists them");
    array answers;
    for (const auto& id : ids) {
        object answer = co_await declined(id);
        answers.push_back(std::move(answer));
    }
    co_return value(object{{"declined", std::move(answers)}});
}

Task<object> AdminApi::declined(JobId id) {
    object answer{{"id", id.hex()}};
    const auto requested = ports_.services.supervisor.request_decline(id, std::string(declined_by_operator));
    if (requested.has_error()) {
        answer["refused"] = requested.error().message;
        co_return answer;
    }
    for (int polls = 0;; ++polls) {
        const auto* job = ports_.services.supervisor.find(id);
        if (job == nullptr || !job->outcome.decline_reason.empty() || !job->outcome.end_reason.empty()) {
            answer["decided"] = true;
            co_return answer;
        }
        if (polls == decline_polls_max) {
            answer["refused"] =
                "not decided within 10 s: the request is not durable, and forgotten when the master restarts; ask "
                "again (" +
                sm::why(*job, system_clock().unix_ms()) + ")";
            co_return answer;
        }
        co_await system_clock().sleep(decline_poll);
    }
}

Result<value> AdminApi::retry(std::optional<JobId> job) {
    if (!job) return permanent_error("params.job is missing: the id of the JOB to try again");
    const Supervisor& supervisor = ports_.services.supervisor;
    const auto retried = ports_.services.supervisor.retry_now(*job);
    if (retried.has_error()) return retried.error();
    const sm::RetryProgress& failed = supervisor.find(*job)->retry;
    log_of(*job).info("the {} is tried again now, by the operator", failed.step);
    return value(object{{"id", job->hex()}, {"step", failed.step}, {"try", std::uint64_t{failed.attempt} + 1}});
}

Task<Result<value>> AdminApi::withdraw(std::optional<std::uint64_t> slot) {
    array fetched;
    if (slot) {
        const Result<Withdrawal> withdrawal = co_await ports_.services.rewards.withdraw_slot(*slot);
        if (withdrawal.has_error()) co_return withdrawal.error();
        fetched.push_back(withdrawal_json(*withdrawal));
    } else {
        const auto withdrawals = co_await ports_.services.rewards.withdraw_due();
        if (withdrawals.has_error()) co_return withdrawals.error();
        for (const auto& withdrawal : *withdrawals) fetched.push_back(withdrawal_json(withdrawal));
    }
    co_return value(object{{"withdrawn", std::move(fetched)}});
}

Task<Result<value>> AdminApi::refusals() {
    auto read = [notes = &ports_.services.ports.notes] { return notes->refusals(); };
    const Result<std::vector<storage::RefusedJob>> remembered =
        co_await ports_.services.ports.pool.run(std::move(read));
    if (remembered.has_error()) co_return remembered.error();
    array list;
    for (const RefusalCount& count : count_refusals(*remembered))
        list.push_back(
            object{{"jobs", count.jobs}, {"newestAt", count.newest_at_unix_ms / 1'000}, {"reason", count.reason}});
    co_return value(object{{"refusals", std::move(list)}});
}

value AdminApi::log() const {
    return object{{"lines", ports_.log == nullptr ? array() : to_json(ports_.log->after(0))}};
}

Task<Result<value>> AdminApi::rewards(std::uint64_t count) {
    const std::uint64_t today = day_at(ports_.services.ports.clock.unix_ms());
    auto read = [notes = &ports_.services.ports.notes, today, count] { return read_income(*notes, today, count); };
    const Result<std::vector<DayOfIncome>> days = co_await ports_.services.ports.pool.run(std::move(read));
    if (days.has_error()) co_return days.error();
    const Result<std::vector<chain::Slot>> seen = co_await slots(today, days->size());
    array list;
    for (std::size_t i = 0; i < days->size(); ++i)
        list.push_back(day_json((*days)[i], seen.has_value() ? std::optional((*seen)[i]) : std::nullopt));
    object answer{{"address", ports_.services.ports.sender.address().hex()}, {"days", std::move(list)}};
    if (seen.has_error()) answer["chainTrouble"] = seen.error().message;
    co_return value(std::move(answer));
}

Task<Result<std::vector<chain::Slot>>> AdminApi::slots(std::uint64_t last, std::uint64_t count) {
    const Address wallet = ports_.services.ports.sender.address();
    std::vector<chain::Slot> seen;
    for (std::uint64_t back = 0; back < count; ++back) {
        const Result<chain::Slot> slot = co_await ports_.services.ports.chain.slot(last - back, wallet);
        if (slot.has_error()) co_return slot.error();
        seen.push_back(*slot);
    }
    co_return seen;
}

Task<Result<value>> AdminApi::drain(bool on) {
    NodePorts& ports = ports_.services.ports;
    auto set = [notes = &ports.notes, on] { return set_drained(*notes, on); };
    const Result<void> durable = co_await ports.pool.run(std::move(set));
    if (durable.has_error()) co_return durable.error();
    spdlog::info("{}", on ? "drained by the operator: no new JOB is taken" : "JOBs are taken again, by the operator");
    auto read = [jobs = &ports.jobs] { return jobs->active(); };
    const Result<std::vector<sm::Job>> active = co_await ports.pool.run(std::move(read));
    if (active.has_error()) co_return active.error();
    co_return value(object{{"drained", on}, {"activeJobs", active->size()}});
}

}  // namespace emeth::node
