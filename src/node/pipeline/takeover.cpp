#include "node/pipeline/takeover.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "chain/chain_clock.hpp"
#include "chain/gas.hpp"
#include "node/pipeline/team_size.hpp"
#include "statemachine/delivery.hpp"

namespace emeth::node {
namespace {

/// About a minute and a half of failures: whatever the worker fetches or starts does not work on its machine.
constexpr std::uint32_t failures_max = 8;
constexpr std::uint32_t failures_of_trained_max = 60;
/// Bytes may be damaged on their way once, or once more.
constexpr std::uint32_t false_uploads_max = 3;
/// A JOB that fails on a third worker is probably at fault itself.
constexpr std::uint32_t counted_leases_max = 2;
/// A JOB that so many workers are too slow for is more than they were told; each may be a stranger that lies.
constexpr std::uint32_t slow_holders_max = 4;

bool has_work_to_lose(const statemachine::Job& job) {
    return job.training.checkpoint || job.training.artifact;
}

}  // namespace

std::uint32_t failures_allowed(const statemachine::Job& job) {
    return has_work_to_lose(job) ? failures_of_trained_max : failures_max;
}

bool Takeover::holder_fails() const {
    const statemachine::Job& job = ports_.journal.job();
    const bool fails = failures_ >= failures_allowed(job) || false_uploads_ >= false_uploads_max;
    return statemachine::hold_of(job.state) == statemachine::WorkerHold::work && fails;
}

std::string Takeover::failure_text() const {
    if (false_uploads_ >= false_uploads_max)
        return fmt::format("its worker uploaded something else than it had announced {} times", false_uploads_);
    return fmt::format("its worker failed {} times in a row", failures_);
}

void Takeover::judge_holder() {
    if (failures_ < failures_max && false_uploads_ < false_uploads_max) return;
    const bool counts = !is_blameless_ && ++failed_leases_ <= counted_leases_max;
    ports_.workers.lease_failed(ports_.journal.job().lease.worker, counts);
}

/// Uses selection's criteria: a JOB that would not be taken now is not started over either.
Task<bool> Takeover::is_due(bool holder_is_away) {
    if (has_work_to_lose(ports_.journal.job())) {
        const auto other = co_await fresh_start();
        co_return other && other->estimate_s < other->time_left_s;
    }
    if (holder_is_away) co_return true;
    const auto work = workload_of(ports_.journal.job().terms, settings_.rules);
    co_return work.has_value() && estimate_of_others(*work).has_value();
}

/// Members of the JOB's own team would get it as soon as it is released.
std::vector<WorkerInfo> Takeover::workers() const {
    return as_seen_by(ports_.journal.job().terms.id, ports_.workers.workers());
}

/// Of as large a team as the JOB wants, or as there is.
std::optional<std::int64_t> Takeover::estimate_of_others(const Workload& work) const {
    const std::vector<WorkerInfo> all = workers();
    const auto able = static_cast<std::uint32_t>(std::ranges::count_if(
        all, [&](const WorkerInfo& worker) { return is_idle(worker) && !why_unable(worker, work); }));
    const std::uint32_t team = std::min(team_of(ports_.journal.job(), settings_.cooperative), able);
    return slowest_idle_estimate_s(work, all, team);
}

std::uint32_t Takeover::workers_at_hand() const {
    const statemachine::Job& job = ports_.journal.job();
    return static_cast<std::uint32_t>(std::ranges::count_if(ports_.workers.workers(), [&](const WorkerInfo& worker) {
        return worker.connected &&
               (worker.job == job.terms.id || (worker.is_committed && worker.helps == job.terms.id));
    }));
}

/// None while the chain cannot be queried.
Task<std::optional<Workload>> Takeover::workload() {
    auto work = workload_of(ports_.journal.job().terms, settings_.rules);
    if (work.has_error()) co_return std::nullopt;
    const auto gas = co_await chain::dataset_gas(ports_.chain, work->dataset_bytes);
    if (gas.has_error()) co_return std::nullopt;
    work->gas = *gas;
    co_return *work;
}

Task<Takeover::Other> Takeover::another_that_could_finish(std::int64_t left_s) {
    if (slow_holders_ >= slow_holders_max) co_return Other::none;
    const auto work = co_await workload();
    if (!work) co_return Other::none;
    const Address holder = ports_.journal.job().lease.worker;
    const auto together_s = estimate_of_others(*work);
    if (together_s && *together_s < left_s) co_return Other::idle;
    Other best = Other::none;
    for (const WorkerInfo& worker : workers()) {
        const bool may_get_it = worker.connected && worker.address != holder && worker.rest == Milliseconds::zero();
        if (!may_get_it || why_unable(worker, *work) || finish_estimate_s(*work, worker) >= left_s) continue;
        best = std::max(best, is_idle(worker) ? Other::idle : Other::busy);
    }
    co_return best;
}

Task<std::optional<FreshStart>> Takeover::fresh_start() {
    const auto work = co_await workload();
    if (!work) co_return std::nullopt;
    chain::ChainClock chain_clock(ports_.chain, ports_.clock);
    const Result<std::int64_t> now = co_await chain_clock.now_unix_s();
    if (now.has_error()) co_return std::nullopt;
    const auto estimate = estimate_of_others(*work);
    if (!estimate) co_return std::nullopt;
    const statemachine::Job& job = ports_.journal.job();
    const bool has_dataset = job.dataset.steps_total > 0;
    co_return FreshStart{*estimate, job.terms.deadline_unix_s - *now - settings_.deadline_margin_s,
                         has_work_to_lose(job), has_dataset ? 0 : dataset_estimate_s(job.terms.dataset_bytes)};
}

std::optional<std::string> Takeover::why_hopeless() const {
    const auto work = workload_of(ports_.journal.job().terms, settings_.rules);
    if (work.has_error()) return std::nullopt;  // the order says so
    const auto& lease = ports_.journal.job().lease;
    const auto holder = lease.active ? std::optional(lease.worker) : std::nullopt;
    return futility_.reason(ports_.workers.workers(), work->model, holder);
}

void Takeover::blame_witnesses() {
    for (const Address& worker : futility_.witnesses()) ports_.workers.called_hopeless(worker);
}

void Takeover::note_hopeless() {
    failures_ = std::max(failures_ + 1, failures_max);
    is_blameless_ = true;
}

void Takeover::note_slow_holder() {
    ++slow_holders_;
    note_stall();
}

void Takeover::note_stall() {
    failures_ = std::max(failures_, failures_max);
}

}  // namespace emeth::node
