// One process of the simulated node, wired like the real master, from its start to its sudden end.
#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>
#include <optional>
#include <string>

#include "crypto/private_key.hpp"
#include "node/core/job_services.hpp"
#include "node/market/discovery.hpp"
#include "runtime/task_group.hpp"
#include "simulation/mortal_store.hpp"
#include "simulation/simulated_workers.hpp"

namespace emeth::simulation {

/// The world outside the process; all of it outlives every process.
struct Surroundings {
    asio::io_context& io;
    chain::Chain& chain;
    SimulatedStorage& storage;
    SimulatedInfoServer& info_server;
    SimulatedWorkers& workers;
    Clock& clock;
    Random& random;
    const crypto::PrivateKey& key;
    const node::NodeConfig& config;
    const chain::Constants& constants;
};

class NodeProcess {
public:
    NodeProcess(Surroundings world, std::unique_ptr<MortalStore> store);
    ~NodeProcess();
    NodeProcess(const NodeProcess&) = delete;
    NodeProcess& operator=(const NodeProcess&) = delete;

    /// As the master does: active JOBs first, then everything else.
    Result<void> start();
    /// Unwinds every coroutine, as the io context is polled next. The ports must refuse them already.
    void cancel();
    [[nodiscard]] bool ended() const { return ended_; }
    /// What a coroutine threw other than a cancellation, which is always a bug.
    [[nodiscard]] const std::optional<std::string>& bug() const { return bug_; }

    MortalStore& store() { return *store_; }
    node::Supervisor& supervisor() { return services_.supervisor; }

private:
    Task<> run();

    Surroundings world_;
    std::unique_ptr<MortalStore> store_;
    BlockingPool pool_{0};
    chain::TransactionSender sender_;
    TaskGroup group_;
    api_client::NetworkClock network_clock_;
    node::JobServices services_;
    node::Discovery discovery_;
    bool ended_ = false;
    std::optional<std::string> bug_;
};

}  // namespace emeth::simulation
