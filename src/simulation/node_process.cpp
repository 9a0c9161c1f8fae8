#include "simulation/node_process.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <utility>

#include "runtime/cancellation.hpp"
#include "simulation/simulated_endpoint.hpp"

namespace emeth::simulation {
namespace {

constexpr std::size_t services_max = 16;

chain::SenderOptions sender_options(const node::NodeConfig& config) {
    chain::SenderOptions options;
    options.chain_id = config.chain_id;
    options.confirmations = config.confirmations;
    options.poll_interval = config.poll_interval;
    options.allowance_cap = config.selection.allowance_cap;
    return options;
}

}  // namespace

NodeProcess::NodeProcess(Surroundings world, std::unique_ptr<MortalStore> store)
    : world_(world),
      store_(std::move(store)),
      sender_(world_.io.get_executor(),
              chain::SenderPorts{world_.chain, store_->outbox(), pool_, world_.clock, world_.key},
              sender_options(world_.config)),
      group_(world_.io.get_executor(), node::Supervisor::jobs_max + services_max),
      network_clock_(world_.clock),
      services_(world_.io.get_executor(),
                node::NodePorts{world_.chain, sender_, world_.storage, &world_.info_server, store_->jobs(),
                                store_->outbox(), store_->notes(), pool_, world_.clock, world_.random},
                world_.workers, group_, world_.config, world_.constants, "/"),
      discovery_(node::DiscoveryPorts{services_.offers, services_.prospector, store_->jobs(), store_->notes(), pool_,
                                      world_.clock, world_.random, &network_clock_},
                 world_.config.discovery_interval,
                 [this](statemachine::Job job) { services_.supervisor.take_on(std::move(job)); }) {
    world_.storage.dates().serve(&network_clock_);
    world_.info_server.dates().serve(&network_clock_);
}

NodeProcess::~NodeProcess() {
    world_.storage.dates().serve(nullptr);
    world_.info_server.dates().serve(nullptr);
}

Result<void> NodeProcess::start() {
    auto active = store_->jobs().active();
    if (active.has_error()) {
        ended_ = true;
        return active.error();
    }
    std::vector<JobId> ids;
    for (const auto& job : *active) ids.push_back(job.terms.id);
    services_.supervisor.prepare(std::move(*active));
    world_.workers.set_recovered(ids);
    asio::co_spawn(world_.io, run(), [this](std::exception_ptr error) {
        ended_ = true;
        if (!error || is_cancellation(error)) return;
        try {
            std::rethrow_exception(error);
        } catch (const std::exception& thrown) {
            bug_ = thrown.what();
        }
    });
    return {};
}

/// Emits the signals from within a handler, so that they reach the coroutines at once, before any of them can end.
void NodeProcess::cancel() {
    asio::post(world_.io, [this] { group_.cancel(); });
}

Task<> NodeProcess::run() {
    group_.start(sender_.run());
    services_.supervisor.start_prepared("found active");
    group_.start(discovery_.run());
    group_.start(services_.rewards.run());
    group_.start(services_.track.run());
    co_await group_.join();
}

}  // namespace emeth::simulation
