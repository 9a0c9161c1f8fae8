// The parts of a node that drive JOBs, wired together: for the master, and for commands that run without one. Io thread only.
#pragma once

#include "node/node_core.hpp"
#include "node/progress_board.hpp"
#include "node/prospector.hpp"
#include "node/rewards.hpp"
#include "node/supervisor.hpp"

namespace emeth::node {

struct JobServices {
    /// `core`, `workers` and `group`, in which the JOBs run, must outlive the services.
    JobServices(asio::any_io_executor executor, NodeCore& core, const chain::Constants& constants, WorkerHub& workers, TaskGroup& group);
    JobServices(const JobServices&) = delete;
    JobServices& operator=(const JobServices&) = delete;

    NodeCore& core;
    WorkerHub& workers;
    ProgressBoard progress;
    Prospector prospector;
    Supervisor supervisor;
    Rewards rewards;
};

/// For commands that need no worker: nobody is ever connected.
class NoWorkers final : public WorkerHub {
public:
    explicit NoWorkers(asio::any_io_executor executor) : executor_(std::move(executor)) {}

    [[nodiscard]] std::vector<WorkerInfo> workers() const override { return {}; }
    [[nodiscard]] std::size_t idle_workers() const override { return 0; }
    Task<Address> reserve(JobId job, std::optional<Address> preferred) override;
    void adopt(JobId, std::uint64_t, Address) override {}
    void release(JobId, bool, std::string) override {}
    Task<WorkerNews> next_news(JobId job) override;
    Task<> acknowledge(JobId, std::uint64_t) override { co_return; }
    Task<> order(worker_protocol::Assign) override { co_return; }
    Task<> order(worker_protocol::Upload) override { co_return; }

private:
    asio::any_io_executor executor_;
};

}  // namespace emeth::node
