#include "node/admin/admin_api.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "chain/amount.hpp"
#include "runtime/json_fields.hpp"

namespace emeth::node {
namespace {

namespace sm = statemachine;
using boost::json::array;
using boost::json::object;
using boost::json::value;

constexpr Milliseconds decline_poll{50};
/// 10 s: after that, a step that may not be interrupted or a store that cannot write is in the way.
constexpr int decline_polls_max = 200;

object progress_json(const worker_protocol::Progress& progress) {
    return {{"stage", progress.stage},    {"epoch", progress.epoch},
            {"step", progress.step},      {"stepsTotal", progress.steps_total},
            {"bytes", progress.bytes},    {"bytesTotal", progress.bytes_total},
            {"loss", progress.loss},      {"tokensPerSecond", progress.tokens_per_s},
            {"workers", progress.workers}};
}

object speeds_json(const worker_protocol::Fitness& fitness) {
    object speeds;
    for (const auto& [model, tokens_per_s] : fitness.tokens_per_s) speeds[model] = tokens_per_s;
    return speeds;
}

/// Of a JOB that would be taken otherwise.
void refuse(object& job, const std::string& reason) {
    if (job.contains("refused")) return;
    job["refused"] = reason;
    job.erase("finishEstimate");
    job.erase("expectedValue");
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
    if (const auto checked = fields.check(); checked.has_error()) co_return checked.error();
    if (method == "joblist") co_return co_await job_list();
    if (method == "status") co_return status();
    if (method == "decline") co_return co_await decline(job);
    if (method == "withdraw") co_return co_await withdraw(slot);
    if (method != "stop") co_return permanent_error("the master knows no method '" + method + "'");
    stop_();
    co_return value("stopping");
}

object AdminApi::own_job(const sm::Job& job) const {
    object json{{"id", job.terms.id.hex()},
                {"state", sm::name(job.state)},
                {"why", sm::why(job, system_clock().unix_ms())},
                {"fee", chain::format_wei(job.terms.fee)},
                {"deposit", chain::format_wei(job.deposit.deposit)},
                {"datasetSize", job.terms.dataset_bytes},
                {"deadline", job.terms.deadline_unix_s},
                {"restarts", job.restarts}};
    if (job.lease.active) {
        json["worker"] = job.lease.worker.hex();
        json["lease"] = job.lease.number;
    }
    if (const auto progress = services_.progress.find(job.terms.id)) json["progress"] = progress_json(*progress);
    return json;
}

array AdminApi::own_jobs() const {
    array jobs;
    services_.supervisor.for_each([&](const sm::Job& job) { jobs.push_back(own_job(job)); });
    return jobs;
}

array AdminApi::workers() const {
    array workers;
    for (const auto& worker : services_.workers.workers()) {
        object json{{"address", worker.address.hex()}, {"connected", worker.connected}};
        if (worker.power_capacity > 0) json["powerCapacity"] = worker.power_capacity;
        if (worker.fitness) json["tokensPerSecond"] = speeds_json(*worker.fitness);
        if (worker.connected)
            if (const auto unfit = why_unfit(worker.fitness, "")) json["unfit"] = *unfit;
        if (worker.job) json["job"] = worker.job->hex();
        if (worker.rest > Milliseconds::zero()) json["restSeconds"] = worker.rest.count() / 1'000;
        workers.push_back(std::move(json));
    }
    return workers;
}

value AdminApi::status() const {
    return object{{"address", services_.ports.sender.address().hex()}, {"workers", workers()}, {"jobs", own_jobs()}};
}

Task<Result<value>> AdminApi::job_list() {
    const auto offers = co_await services_.ports.info_server.open_jobs();
    if (offers.has_error()) co_return offers.error();
    const std::vector<JobId> ids = services_.prospector.ranked(*offers);
    const Result<NodeView> view = co_await services_.prospector.view(std::nullopt);
    if (view.has_error()) co_return view.error();
    array open;
    const auto judged_count = std::min(ids.size(), judged_jobs_max);
    for (std::size_t index = 0; index < judged_count; ++index) {
        object json = co_await judged(ids[index], *view);
        open.push_back(std::move(json));
    }
    std::vector<std::string> standstill = services_.prospector.standstill(*view);
    // Only now: each look at a JOB has asked the Storage API, which says what time it is there.
    const auto clock = network_clock_.judge(view->chain_now_unix_s);
    if (!clock.may_deposit) {
        standstill.push_back(clock.sentence);
        for (auto& json : open) refuse(json.as_object(), clock.sentence);
    }
    co_return value(object{{"open", std::move(open)},
                           {"openTotal", offers->size()},
                           {"standstill", array(standstill.begin(), standstill.end())},
                           {"own", own_jobs()},
                           {"workers", workers()}});
}

Task<object> AdminApi::judged(JobId id, const NodeView& view) {
    const Result<Candidate> candidate = co_await services_.prospector.candidate(id);
    object json{{"id", id.hex()}};
    const auto standing = discovery_ == nullptr ? std::nullopt : discovery_->standing(id);
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
    const Assessment verdict = services_.prospector.judge(*candidate, view);
    if (standing && !standing->next_look_at_unix_ms) {
        json["refused"] = standing->reason;
    } else if (const auto* refused = std::get_if<Refused>(&verdict)) {
        json["refused"] = refused->reason;
    } else {
        const auto& chosen = std::get<Chosen>(verdict);
        json["finishEstimate"] = chosen.finish_estimate_s;
        json["expectedValue"] = value_text(chosen);
    }
    co_return json;
}

Task<Result<value>> AdminApi::decline(std::optional<JobId> only) {
    std::vector<JobId> ids;
    services_.supervisor.for_each([&](const sm::Job& job) {
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
    const auto requested = services_.supervisor.request_decline(id, "the operator declined it");
    if (requested.has_error()) {
        answer["refused"] = requested.error().message;
        co_return answer;
    }
    for (int polls = 0;; ++polls) {
        const auto* job = services_.supervisor.find(id);
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

Task<Result<value>> AdminApi::withdraw(std::optional<std::uint64_t> slot) {
    array fetched;
    if (slot) {
        const Result<Withdrawal> withdrawal = co_await services_.rewards.withdraw_slot(*slot);
        if (withdrawal.has_error()) co_return withdrawal.error();
        fetched.push_back(withdrawal_json(*withdrawal));
    } else {
        const auto withdrawals = co_await services_.rewards.withdraw_due();
        if (withdrawals.has_error()) co_return withdrawals.error();
        for (const auto& withdrawal : *withdrawals) fetched.push_back(withdrawal_json(withdrawal));
    }
    co_return value(object{{"withdrawn", std::move(fetched)}});
}

}  // namespace emeth::node
