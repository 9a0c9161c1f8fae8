// The parts of a node that drive JOBs, wired together: for the master, and for commands that run
// without one. Io thread only.
#pragma once

#include <filesystem>

#include "api_client/info_server_client.hpp"
#include "api_client/storage_api_client.hpp"
#include "chain/sender/transaction_sender.hpp"
#include "node/core/config.hpp"
#include "node/market/offer_source.hpp"
#include "node/market/prospector.hpp"
#include "node/money/income.hpp"
#include "node/money/rewards.hpp"
#include "node/pipeline/progress_board.hpp"
#include "node/pipeline/supervisor.hpp"

namespace emeth::node {

/// What a node is built on; the simulation provides other implementations.
struct NodePorts {
    chain::Chain& chain;
    chain::TransactionSender& sender;
    api_client::ArtifactStore& artifacts;
    api_client::InfoServer* info_server;  ///< null: there is none
    storage::JobStore& jobs;
    storage::Outbox& outbox;
    storage::Notes& notes;
    BlockingPool& pool;
    Clock& clock;
    Random& random;
};

struct JobServices {
    /// All ports, `workers` and `group`, in which the JOBs run, must outlive the services. `data`: the folder whose
    /// disk space counts.
    JobServices(asio::any_io_executor executor, NodePorts ports, WorkerHub& workers, TaskGroup& group,
                const NodeConfig& config, const chain::Constants& constants, std::filesystem::path data);
    JobServices(const JobServices&) = delete;
    JobServices& operator=(const JobServices&) = delete;

    NodePorts ports;
    WorkerHub& workers;
    ProgressBoard progress;
    OfferSource offers;
    PayoutWatch payouts;
    TrackBook track;
    Prospector prospector;
    Supervisor supervisor;
    IncomeBook income;
    Rewards rewards;
};

/// For commands that need no worker: nobody is ever connected.
class NoWorkers final : public WorkerHub {
public:
    explicit NoWorkers(asio::any_io_executor executor) : executor_(std::move(executor)) {}

    [[nodiscard]] std::vector<WorkerInfo> workers() const override { return {}; }
    [[nodiscard]] std::size_t idle_workers() const override { return 0; }
    Task<Address> reserve(JobId job, WorkerWish wish) override;
    /// Nothing ever comes: such a JOB waits until a master runs.
    std::shared_ptr<WorkerInbox> adopt(JobId, std::uint64_t, Address, Hold) override {
        return std::make_shared<WorkerInbox>(executor_);
    }
    void release(JobId, bool, std::string) override {}
    void set_team(const JobId&, std::uint32_t) override {}
    Task<> acknowledge(JobId, std::uint64_t) override { co_return; }
    Task<> order(worker_protocol::Assign) override { co_return; }
    [[nodiscard]] std::size_t helpers_to_call(const JobId&, const trainer_protocol::Rendezvous&) const override {
        return 0;
    }
    Task<> order(worker_protocol::Join) override { co_return; }
    Task<> order(worker_protocol::Upload) override { co_return; }
    Task<> order(worker_protocol::Evidence) override { co_return; }
    void lease_failed(Address, bool) override {}
    void called_hopeless(const Address&) override {}
    void lease_fulfilled(Address) override {}

private:
    asio::any_io_executor executor_;
};

}  // namespace emeth::node
