#include "node/snapshot/snapshot.hpp"

#include <algorithm>
#include <cmath>
#include <tuple>
#include <utility>

#include "chain/amount.hpp"
#include "node/market/finish_estimate.hpp"
#include "node/pipeline/finish_watch.hpp"
#include "node/pipeline/retry_wait.hpp"
#include "node/snapshot/chance.hpp"
#include "node/snapshot/next_action.hpp"
#include "statemachine/delivery.hpp"
#include "statemachine/transition.hpp"

namespace emeth::node {
namespace {

namespace sm = statemachine;

/// Counts steps of training.
bool is_past_tokens(const worker_protocol::Progress& progress) {
    return progress.stage == "training" || progress.stage == "validation" || progress.stage == "artifact";
}

struct Steps {
    std::uint64_t left = 0, total = 0;
};

/// By what is seen or else saved of its training. Total 0: nobody knows yet.
Steps steps_of(const sm::Job& job, const std::optional<worker_protocol::Progress>& progress) {
    std::uint64_t step = job.training.checkpoint ? job.training.checkpoint->step : 0;
    std::uint64_t total = job.dataset.steps_total;
    if (progress && is_past_tokens(*progress)) {
        step = progress->step;
        total = progress->steps_total;
    }
    return {total - std::min(step, total), total};
}

/// The share of the training that is still to be done.
double share_left(const Steps& steps) {
    return steps.total == 0 ? 1 : static_cast<double>(steps.left) / static_cast<double>(steps.total);
}

/// By the speed that its workers report now; none while they report none.
std::optional<double> training_left_s(const sm::Job& job, const Workload& work,
                                      const std::optional<worker_protocol::Progress>& progress, double share) {
    if (!progress || progress->stage != "training" || progress->tokens_per_s <= 0 || job.dataset.tokens == 0)
        return std::nullopt;
    return static_cast<double>(job.dataset.tokens) * work.epochs * share / progress->tokens_per_s;
}

std::int64_t whole_seconds(double seconds) {
    constexpr double longest_s = 1e12;
    return static_cast<std::int64_t>(std::ceil(std::min(longest_s, seconds)));
}

std::optional<std::int64_t> finish_estimate_of(const sm::Job& job, const SnapshotSources& sources,
                                               const std::optional<worker_protocol::Progress>& progress) {
    if (sm::awaits_verdict(job.state)) return std::nullopt;
    if (job.training.artifact) return 0;
    const Result<Workload> work = workload_of(job.terms, sources.rules);
    if (work.has_error()) return std::nullopt;
    if (!job.lease.active) return slowest_idle_estimate_s(*work, sources.workers, job.terms.team);
    const double share = share_left(steps_of(job, progress));
    if (const auto left = training_left_s(job, *work, progress, share)) return whole_seconds(*left);
    const auto found = std::ranges::find(sources.workers, job.lease.worker, &WorkerInfo::address);
    if (found == sources.workers.end() || why_unfit(found->fitness, work->model)) return std::nullopt;
    WorkerInfo holder = *found;
    holder.power_capacity = 0;  // that goes by the JOB's gas, which only the chain knows
    return whole_seconds(static_cast<double>(finish_estimate_s(*work, holder, job.terms.team)) * share);
}

/// A rejection costs the verifier's fee, too. None: nobody has ever seen the contract.
std::optional<Wei> at_risk_of(const sm::Job& job, const chain::Constants& constants) {
    if (constants.core == Address{}) return std::nullopt;
    const Wei& deposit = job.deposit.deposit;
    if (!sm::awaits_verdict(job.state)) return chain::rate_of(deposit, constants.timeout_penalty_rate);
    return std::min(deposit, chain::saturating_sum(std::min(constants.verifier_fee, deposit),
                                                   chain::rate_of(deposit, constants.failed_penalty_rate)));
}

std::optional<Wei> deposit_in_flight_of(const sm::Job& job, const chain::Constants& constants) {
    if (!job.deposit.process || !job.deposit.deposit.is_zero() || sm::is_end(job.state)) return std::nullopt;
    return constants.core == Address{} ? job.terms.fee : chain::rate_of(job.terms.fee, constants.deposit_rate);
}

/// A deposit that is on its way is locked by the time the decline is.
std::optional<Wei> decline_price_of(const sm::Job& job, const chain::Constants& constants) {
    if (constants.core == Address{} || job.outcome.submit || sm::is_end(job.state)) return std::nullopt;
    const Wei deposit = deposit_in_flight_of(job, constants).value_or(job.deposit.deposit);
    return chain::rate_of(deposit, constants.decline_penalty_rate);
}

bool worker_is_away(const sm::Job& job, const std::vector<WorkerInfo>& workers) {
    const auto holder = std::ranges::find(workers, job.lease.worker, &WorkerInfo::address);
    return job.lease.active && (holder == workers.end() || !holder->connected);
}

JobSnapshot status_of(const sm::Job& job, const SnapshotSources& sources) {
    JobSnapshot status;
    status.id = job.terms.id;
    status.state = job.state;
    status.why = sm::why(job, sources.now_unix_ms);
    status.fee = job.terms.fee;
    status.deposit = job.deposit.deposit;
    status.at_risk = at_risk_of(job, sources.constants);
    status.deposit_in_flight = deposit_in_flight_of(job, sources.constants);
    status.decline_price = decline_price_of(job, sources.constants);
    status.dataset_bytes = job.terms.dataset_bytes;
    status.deadline_unix_s = job.terms.deadline_unix_s;
    status.left_s = job.terms.deadline_unix_s - sources.now_unix_ms / 1'000;
    const std::optional<SeenProgress> seen = sources.progress.seen(job.terms.id);
    if (seen) {
        status.progress = seen->report;
        status.heard_s = std::max<std::int64_t>(0, (sources.now - seen->heard_at).count() / 1'000);
    }
    status.finish_estimate_s = finish_estimate_of(job, sources, status.progress);
    if (seen && sm::next_command(job) == sm::Command::train)
        status.chance = chance_in_time(steps_of(job, status.progress).left, status.left_s, seen->pace);
    status.next =
        next_action(job, {sources.now_unix_ms, sources.has_master, status.finish_estimate_s, sources.confirmations,
                          sources.verdict_confirmations, worker_is_away(job, sources.workers)});
    status.retry_at_unix_ms = retry_at_unix_ms(job, sources.now_unix_ms);
    status.restarts = job.restarts;
    if (job.lease.active) {
        status.worker = job.lease.worker;
        status.lease = job.lease.number;
    }
    if (!job.deposit.deposit.is_zero() && !job.outcome.submit && !job.outcome.decline) {
        Outlook outlook;
        outlook.now_unix_s = sources.now_unix_ms / 1'000;
        outlook.deadline_unix_s = job.terms.deadline_unix_s;
        outlook.work_left_s = status.finish_estimate_s.value_or(0);
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

std::optional<Wei> expected_reward(const chain::Slot& slot) {
    if (slot.own_gas == 0 || slot.own_gas > slot.total_gas) return std::nullopt;
    using boost::multiprecision::uint512_t;
    const uint512_t shared = uint512_t(chain::to_u256(slot.reward)) * slot.own_gas / slot.total_gas;
    return chain::to_wei(chain::U256(shared));
}

Snapshot make_snapshot(SnapshotSources sources) {
    Snapshot snapshot;
    snapshot.at_unix_ms = sources.now_unix_ms;
    snapshot.has_master = sources.has_master;
    snapshot.is_drained = sources.is_drained;
    snapshot.wallet = sources.wallet;
    snapshot.days = std::move(sources.days);
    for (const sm::Job& job : sources.active) {
        JobSnapshot status = status_of(job, sources);
        snapshot.locked = chain::saturating_sum(snapshot.locked, status.deposit);
        if (status.at_risk) snapshot.at_risk = chain::saturating_sum(snapshot.at_risk.value_or(Wei{}), *status.at_risk);
        snapshot.jobs.push_back(std::move(status));
    }
    if (snapshot.jobs.empty()) snapshot.at_risk = Wei{};
    std::ranges::sort(snapshot.jobs, {}, urgency);
    snapshot.workers = std::move(sources.workers);
    snapshot.network = std::move(sources.network);
    return snapshot;
}

}  // namespace emeth::node
