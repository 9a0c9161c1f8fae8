#include "node/snapshot/snapshot.hpp"

#include <algorithm>
#include <cmath>
#include <tuple>
#include <utility>

#include "chain/amount.hpp"
#include "node/market/finish_estimate.hpp"
#include "node/pipeline/finish_watch.hpp"
#include "statemachine/delivery.hpp"
#include "statemachine/transition.hpp"

namespace emeth::node {
namespace {

namespace sm = statemachine;

/// By the speed that its workers report now.
std::optional<std::int64_t> training_left_s(const sm::Job& job, const Workload& work,
                                            const worker_protocol::Progress& progress) {
    if (progress.tokens_per_s <= 0 || progress.steps_total == 0 || progress.step > progress.steps_total)
        return std::nullopt;
    const double tokens = static_cast<double>(job.dataset.tokens) * work.epochs;
    const double share =
        static_cast<double>(progress.steps_total - progress.step) / static_cast<double>(progress.steps_total);
    constexpr double longest_s = 1e12;
    return static_cast<std::int64_t>(std::ceil(std::min(longest_s, tokens * share / progress.tokens_per_s)));
}

std::optional<std::int64_t> finish_estimate_of(const sm::Job& job, const SnapshotSources& sources,
                                               const std::optional<worker_protocol::Progress>& progress) {
    if (sm::awaits_verdict(job.state)) return std::nullopt;
    if (job.training.artifact) return 0;
    const Result<Workload> work = workload_of(job.terms, sources.rules);
    if (work.has_error()) return std::nullopt;
    if (progress)
        if (const auto left = training_left_s(job, *work, *progress)) return left;
    if (!job.lease.active) return slowest_idle_estimate_s(*work, sources.workers);
    const auto holder = std::ranges::find(sources.workers, job.lease.worker, &WorkerInfo::address);
    if (holder == sources.workers.end() || why_unfit(holder->fitness, work->model)) return std::nullopt;
    return finish_estimate_s(*work, *holder);
}

Wei at_risk_of(const sm::Job& job, const chain::Constants& constants) {
    const std::uint64_t rate =
        sm::awaits_verdict(job.state) ? constants.failed_penalty_rate : constants.timeout_penalty_rate;
    return chain::rate_of(job.deposit.deposit, rate);
}

JobSnapshot status_of(const sm::Job& job, const SnapshotSources& sources) {
    JobSnapshot status;
    status.id = job.terms.id;
    status.state = job.state;
    status.why = sm::why(job, sources.now_unix_ms);
    status.fee = job.terms.fee;
    status.deposit = job.deposit.deposit;
    status.at_risk = at_risk_of(job, sources.constants);
    status.dataset_bytes = job.terms.dataset_bytes;
    status.deadline_unix_s = job.terms.deadline_unix_s;
    status.left_s = job.terms.deadline_unix_s - sources.now_unix_ms / 1'000;
    status.progress = sources.progress.find(job.terms.id);
    status.finish_estimate_s = finish_estimate_of(job, sources, status.progress);
    status.restarts = job.restarts;
    if (job.lease.active) {
        status.worker = job.lease.worker;
        status.lease = job.lease.number;
    }
    if (!job.deposit.deposit.is_zero() && status.finish_estimate_s) {
        Outlook outlook;
        outlook.now_unix_s = sources.now_unix_ms / 1'000;
        outlook.deadline_unix_s = job.terms.deadline_unix_s;
        outlook.work_left_s = *status.finish_estimate_s;
        outlook.trained = job.training.artifact.has_value();
        status.danger = danger_of(outlook).value_or("");
    }
    return status;
}

/// What is endangered comes first, then what has the least time to spare; what awaits its verdict, last.
auto urgency(const JobSnapshot& job) {
    const bool submitted = sm::awaits_verdict(job.state);
    return std::tuple(submitted, job.danger.empty(), job.left_s - job.finish_estimate_s.value_or(0), job.id);
}

}  // namespace

Snapshot make_snapshot(SnapshotSources sources) {
    Snapshot snapshot;
    snapshot.at_unix_ms = sources.now_unix_ms;
    snapshot.has_master = sources.has_master;
    snapshot.wallet = sources.wallet;
    for (const sm::Job& job : sources.active) {
        JobSnapshot status = status_of(job, sources);
        snapshot.locked = chain::saturating_sum(snapshot.locked, status.deposit);
        snapshot.at_risk = chain::saturating_sum(snapshot.at_risk, status.at_risk);
        snapshot.jobs.push_back(std::move(status));
    }
    std::ranges::sort(snapshot.jobs, {}, urgency);
    snapshot.workers = std::move(sources.workers);
    snapshot.network = std::move(sources.network);
    return snapshot;
}

}  // namespace emeth::node
