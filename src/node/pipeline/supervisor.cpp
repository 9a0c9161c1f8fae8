#include "node/pipeline/supervisor.hpp"

#include <cstdlib>
#include <exception>
#include <utility>

#include "chain/amount.hpp"
#include "chain/gas.hpp"
#include "node/pipeline/team_size.hpp"
#include "runtime/cancellation.hpp"
#include "runtime/log.hpp"
#include "runtime/subject_log.hpp"
#include "statemachine/delivery.hpp"

namespace emeth::node {
namespace {

namespace sm = statemachine;

/// A bug: it is better to die at once, with everything durable, than to continue in a state that nobody understands.
/// The next start resumes from the last commit.
[[noreturn]] void end_by_bug(const JobId& id, const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const std::exception& thrown) {
        log_of(id).write(spdlog::level::critical,
                         "bug in the pipeline: {}; ending, the next start goes on from the last commit", thrown.what());
    } catch (...) {
        log_of(id).write(spdlog::level::critical,
                         "bug in the pipeline; ending, the next start goes on from the last commit");
    }
    spdlog::default_logger()->flush();
    std::abort();
}

bool waits_for_worker(const sm::Job& job) {
    return job.state == sm::State::discovered ||
           (job.state == sm::State::accepted && job.outcome.decline_reason.empty());
}

std::uint64_t chain_gas_to_come(const sm::Job& job) {
    if (job.state == sm::State::discovered) return chain::chain_gas_per_job;
    return job.state == sm::State::submitted ? 0 : chain::submit_gas_max;
}

}  // namespace

Supervisor::Supervisor(asio::any_io_executor executor, TaskGroup& group, PipelinePorts ports, PipelineSettings settings,
                       std::uint64_t deposit_rate, OnEnd on_end)
    : executor_(std::move(executor)),
      group_(group),
      ports_(ports),
      settings_(std::move(settings)),
      deposit_rate_(deposit_rate),
      on_end_(std::move(on_end)) {}

Supervisor::PipelinePtr Supervisor::add(sm::Job job) {
    const auto id = job.terms.id;
    auto pipeline = std::make_shared<Pipeline>(executor_, ports_, settings_, std::move(job));
    pipelines_[id] = pipeline;
    return pipeline;
}

void Supervisor::prepare(std::vector<sm::Job> active) {
    for (auto& job : active) {
        const auto pipeline = add(std::move(job));
        if (sm::needs_its_lease(pipeline->job())) pipeline->adopt_lease();
    }
}

void Supervisor::start_prepared(const std::string& reason) {
    for (const auto& [id, pipeline] : std::map(pipelines_)) start(pipeline, reason);
}

void Supervisor::take_on(sm::Job job) {
    start(add(std::move(job)), "");
}

void Supervisor::start(const PipelinePtr& pipeline, std::string restart_reason) {
    if (group_.start(run(pipeline, std::move(restart_reason)), pipeline->executor())) return;
    log_of(pipeline->job())
        .error("not started, {} JOBs are running or the master is ending; the next start takes it up",
               group_.running());
}

Task<> Supervisor::run(PipelinePtr pipeline, std::string restart_reason) {
    const auto id = pipeline->job().terms.id;
    try {
        co_await pipeline->run(std::move(restart_reason));
    } catch (...) {
        const auto error = std::current_exception();
        if (!is_cancellation(error)) end_by_bug(id, error);
        throw;
    }
    if (sm::is_end(pipeline->job().state)) on_end_(pipeline->job());
    pipelines_.erase(id);
}

Commitments Supervisor::commitments(std::optional<JobId> except) const {
    Commitments sum;
    chain::U256 deposits = 0;
    for (const auto& [id, pipeline] : pipelines_) {
        const auto& job = pipeline->job();
        if (except == id) continue;
        if (waits_for_worker(job)) sum.workers += team_of(job, settings_.cooperative);
        sum.chain_gas += chain_gas_to_come(job);
        if (job.state == sm::State::discovered)
            deposits += chain::to_u256(chain::rate_of(job.terms.fee, deposit_rate_));
    }
    sum.deposits = chain::to_wei(deposits);
    return sum;
}

void Supervisor::for_each(const std::function<void(const sm::Job&)>& visit) const {
    for (const auto& [id, pipeline] : pipelines_) visit(pipeline->job());
}

const sm::Job* Supervisor::find(const JobId& id) const {
    const auto found = pipelines_.find(id);
    return found == pipelines_.end() ? nullptr : &found->second->job();
}

Result<Supervisor::PipelinePtr> Supervisor::active(const JobId& id) const {
    const auto found = pipelines_.find(id);
    if (found == pipelines_.end()) return permanent_error("no active JOB " + id.hex() + "; `emeth jobs` lists them");
    return found->second;
}

Result<void> Supervisor::request_decline(const JobId& id, const std::string& reason) {
    const auto pipeline = active(id);
    if (pipeline.has_error()) return pipeline.error();
    return (*pipeline)->request_decline(reason);
}

Result<void> Supervisor::retry_now(const JobId& id) {
    const auto pipeline = active(id);
    if (pipeline.has_error()) return pipeline.error();
    return (*pipeline)->retry_now();
}

bool Supervisor::retries_now(const JobId& id) const {
    const auto found = pipelines_.find(id);
    return found != pipelines_.end() && found->second->retries_now();
}

}  // namespace emeth::node
