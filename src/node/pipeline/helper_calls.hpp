// Calls idle workers to help with the JOB (cooperative=nvm). The JOB does not depend on helpers: nothing here is
// durable or waited for, and a slow or unreachable Storage API costs the JOB nothing. Io thread only.
#pragma once

#include <optional>

#include "node/pipeline/worker_orders.hpp"
#include "node/workers/worker_hub.hpp"
#include "runtime/clock.hpp"
#include "runtime/wakeup.hpp"

namespace emeth::node {

class HelperCalls {
public:
    /// All must outlive it.
    HelperCalls(const asio::any_io_executor& executor, WorkerHub& workers, Clock& clock, WorkerOrders& orders)
        : workers_(workers), clock_(clock), orders_(orders), told_(executor) {}

    /// Where the leader's trainer accepts helpers; none if it does not.
    void set_rendezvous(std::optional<trainer_protocol::Rendezvous> rendezvous);

    /// Runs until cancelled.
    Task<> run(JobId job);

private:
    WorkerHub& workers_;
    Clock& clock_;
    WorkerOrders& orders_;
    std::optional<trainer_protocol::Rendezvous> rendezvous_;
    Wakeup told_;
};

}  // namespace emeth::node
