#include "node/pipeline/takeover.hpp"

#include "chain/chain_clock.hpp"
#include "chain/gas.hpp"
#include "node/market/selection.hpp"
#include "node/workers/worker_power.hpp"
#include "statemachine/delivery.hpp"
#include "trainer_protocol/job_param.hpp"

namespace emeth::node {
namespace {

/// About a minute and a half of failures: whatever the worker fetches or starts does not work on its machine.
constexpr std::uint32_t failures_max = 8;
constexpr std::uint32_t failures_of_trained_max = 60;
/// A JOB that fails on a third worker is probably at fault itself.
constexpr std::uint32_t counted_leases_max = 2;

bool has_work_to_lose(const statemachine::Job& job) {
    return job.training.checkpoint || job.training.artifact;
}

}  // namespace

std::uint32_t failures_allowed(const statemachine::Job& job) {
    return has_work_to_lose(job) ? failures_of_trained_max : failures_max;
}

bool Takeover::holder_fails() const {
    const statemachine::Job& job = ports_.journal.job();
    return statemachine::hold_of(job.state) == statemachine::WorkerHold::work && failures_ >= failures_allowed(job);
}

void Takeover::judge_holder() {
    if (failures_ >= failures_max)
        ports_.workers.lease_failed(ports_.journal.job().lease.worker, ++failed_leases_ <= counted_leases_max);
}

Task<bool> Takeover::is_due(bool holder_is_away) {
    const auto power_capacity = power_of_slowest_idle(ports_.workers.workers());
    if (!has_work_to_lose(ports_.journal.job())) co_return holder_is_away || power_capacity;
    if (!power_capacity) co_return false;
    const Result<bool> fits = co_await fits_from_the_beginning(*power_capacity);
    co_return fits.has_value() && *fits;  // while the chain cannot be queried, nothing is given up
}

/// Uses selection's criteria: a JOB that would not be taken now is not started over either.
Task<Result<bool>> Takeover::fits_from_the_beginning(std::uint64_t power_capacity) {
    const statemachine::Terms& terms = ports_.journal.job().terms;
    chain::ChainClock chain_clock(ports_.chain, ports_.clock);
    const Result<std::int64_t> now = co_await chain_clock.now_unix_s();
    if (now.has_error()) co_return now.error();
    const Result<std::uint64_t> gas = co_await chain::dataset_gas(ports_.chain, terms.dataset_bytes);
    if (gas.has_error()) co_return gas.error();
    const auto spec = trainer_protocol::parse_job_param(terms.id, terms.param, settings_.rules);
    if (spec.has_error()) co_return spec.error();
    const std::int64_t finish_estimate = chain::finish_estimate_s(*gas, power_capacity, spec->epochs);
    co_return *now + finish_estimate + settings_.deadline_margin_s < terms.deadline_unix_s;
}

}  // namespace emeth::node
