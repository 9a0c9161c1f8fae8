// When a JOB is taken from the worker that holds it, to be begun anew by another one: its holder is away for longer
// than the grace, or fails again and again.
#include <algorithm>

#include "chain/chain_clock.hpp"
#include "chain/gas.hpp"
#include "node/market/selection.hpp"
#include "node/pipeline/pipeline.hpp"
#include "node/workers/worker_power.hpp"
#include "trainer_protocol/job_param.hpp"

namespace emeth::node {
namespace {

/// Failures in a row, about a minute and a half of them: what the worker fetches or starts does not work there.
constexpr std::uint32_t failures_max = 8;
/// What was trained is not given up for the Storage API's bad half hour.
constexpr std::uint32_t failures_of_trained_max = 60;
/// A JOB that fails at a third worker is hardly sound itself.
constexpr std::uint32_t counted_leases_max = 2;

bool has_work_to_lose(const statemachine::Job& job) {
    return job.training.checkpoint || job.training.artifact;
}

}  // namespace

/// What is to be shown in `submitted`, nobody else has.
bool Pipeline::holder_fails() const {
    return job().state != statemachine::State::submitted && link_.adopted &&
           link_.failures >= (has_work_to_lose(job()) ? failures_of_trained_max : failures_max);
}

/// Whoever fails until the JOB is taken from it, or ends, rests.
void Pipeline::judge_holder() {
    if (link_.adopted && link_.failures >= failures_max)
        ports_.workers.lease_failed(job().lease.worker, ++failed_leases_ <= counted_leases_max);
}

/// With nothing to lose, what an absent worker holds is anybody's; a failing one is better than none.
Task<bool> Pipeline::is_for_another_worker() {
    const auto power_capacity = power_of_slowest_idle(ports_.workers.workers());
    if (!has_work_to_lose(job())) co_return link_.away_since || power_capacity;
    if (!power_capacity) co_return false;
    const Result<bool> fits = co_await fits_from_the_beginning(*power_capacity);
    co_return fits.has_value() && *fits;  // while the chain cannot be asked, nothing is given up
}

/// By the measure of selection: a JOB that would not be taken now is not begun anew either.
Task<Result<bool>> Pipeline::fits_from_the_beginning(std::uint64_t power_capacity) {
    chain::ChainClock chain_clock(ports_.chain, ports_.clock);
    const Result<std::int64_t> now = co_await chain_clock.now_unix_s();
    if (now.has_error()) co_return now.error();
    const Result<std::uint64_t> gas = co_await chain::dataset_gas(ports_.chain, job().terms.dataset_bytes);
    if (gas.has_error()) co_return gas.error();
    const auto spec =
        trainer_protocol::parse_job_param(id(), job().terms.param, settings_.n_epoch, settings_.default_model);
    if (spec.has_error()) co_return spec.error();
    co_return *now + finish_estimate_s(*gas, power_capacity, spec->epochs) + settings_.deadline_margin_s <
        job().terms.deadline_unix_s;
}

}  // namespace emeth::node
