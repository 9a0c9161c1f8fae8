#include "node/job_services.hpp"

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

#include "runtime/random.hpp"
#include "worker_protocol/wakeup.hpp"

namespace emeth::node {
namespace {

PipelineSettings pipeline_settings(const NodeConfig& config, const chain::Constants& constants) {
    PipelineSettings settings;
    settings.core = config.core;
    settings.token = config.token;
    settings.n_epoch = config.selection.n_epoch;
    settings.default_model = config.selection.default_model;
    settings.confirmations = config.confirmations;
    settings.poll_interval = config.poll_interval;
    settings.worker_grace = config.worker_grace;
    settings.finish_rules = {config.verifier_lag_s, constants.decline_penalty_rate, constants.timeout_penalty_rate};
    return settings;
}

}  // namespace

JobServices::JobServices(asio::any_io_executor executor, NodeCore& node, const chain::Constants& constants, WorkerHub& hub, TaskGroup& group)
    : core(node),
      workers(hub),
      prospector(core.chain(), core.artifacts(), workers, core.pool(), system_clock(), core.key().address(), constants, core.config.selection, core.data,
                 [this](std::optional<JobId> except) { return supervisor.commitments(except); }),
      supervisor(executor, group,
                 PipelinePorts{core.chain(), core.sender(), core.artifacts(), workers, core.store(), core.pool(), system_clock(), system_random(), prospector, progress},
                 pipeline_settings(core.config, constants), constants.deposit_rate),
      rewards(executor, core.chain(), core.sender(), core.store(), core.pool(), system_clock(), core.config.core, core.config.confirmations,
              core.config.rewards_interval) {}

Task<Address> NoWorkers::reserve(JobId, std::optional<Address>) {
    worker_protocol::Wakeup never(executor_);
    co_await never.wait();
    throw boost::system::system_error(asio::error::operation_aborted);
}

Task<WorkerNews> NoWorkers::next_news(JobId) {
    worker_protocol::Wakeup never(executor_);
    co_await never.wait();
    throw boost::system::system_error(asio::error::operation_aborted);
}

}  // namespace emeth::node
