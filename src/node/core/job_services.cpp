#include "node/core/job_services.hpp"

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>
#include <utility>

#include "runtime/wakeup.hpp"

namespace emeth::node {
namespace {

PipelineSettings pipeline_settings(const NodeConfig& config, const chain::Constants& constants) {
    PipelineSettings settings;
    settings.core = config.core;
    settings.token = config.token;
    settings.rules = config.selection.rules;
    settings.cooperative = config.selection.cooperative;
    settings.confirmations = config.confirmations;
    settings.verdict_confirmations = config.verdict_confirmations;
    settings.poll_interval = config.poll_interval;
    settings.worker_grace = config.worker_grace;
    settings.worker_patience = config.worker_patience;
    settings.deadline_margin_s = config.selection.deadline_margin_s;
    settings.finish_rules = {config.verifier_lag_s, constants.decline_penalty_rate, constants.timeout_penalty_rate};
    return settings;
}

}  // namespace

JobServices::JobServices(asio::any_io_executor executor, NodePorts node, WorkerHub& hub, TaskGroup& group,
                         const NodeConfig& config, const chain::Constants& constants, std::filesystem::path data)
    : ports(node),
      workers(hub),
      offers(executor, ports.info_server, {ports.chain, ports.notes, ports.pool, ports.clock}, config.core),
      payouts(executor, {ports.chain, ports.notes, ports.pool, ports.clock},
              {ports.sender.address(), constants, config.selection.shortfall_max}),
      track(executor, {ports.jobs, ports.notes, workers, ports.pool, ports.clock, ports.random},
            config.selection.rules),
      prospector({ports.chain, ports.artifacts, workers, ports.pool, ports.clock, payouts, track,
                  [this](std::optional<JobId> except) { return supervisor.commitments(except); }},
                 {ports.sender.address(), constants, config.selection, std::move(data)}),
      supervisor(executor, group,
                 PipelinePorts{ports.chain, ports.sender, ports.artifacts, workers, ports.jobs, ports.outbox,
                               ports.pool, ports.clock, ports.random, prospector, progress},
                 pipeline_settings(config, constants), constants.deposit_rate,
                 [this](const statemachine::Job& job) {
                     income.ended(job);
                     track.ended(job);
                 }),
      income(executor, {ports.jobs, ports.notes, ports.pool, ports.clock}),
      rewards(executor,
              RewardsPorts{ports.chain, ports.sender, ports.outbox, ports.notes, ports.pool, ports.clock, ports.random},
              RewardsOptions{config.core, config.token, config.confirmations}) {}

Task<Address> NoWorkers::reserve(JobId, WorkerWish) {
    Wakeup never(executor_);
    co_await never.wait();
    throw boost::system::system_error(asio::error::operation_aborted);
}

}  // namespace emeth::node
