// The bounded inbox of one JOB: what its worker says, until the JOB's coroutine reads it. Io thread only.
#pragma once

#include <deque>
#include <utility>

#include "node/workers/worker_hub.hpp"
#include "runtime/wakeup.hpp"

namespace emeth::node {

/// Of these only the newest counts.
bool is_progress(const WorkerNews& news);

class WorkerInbox {
public:
    static constexpr std::size_t reports_max = 64;

    explicit WorkerInbox(const asio::any_io_executor& executor) : changed_(executor), space_(executor) {}

    /// Durable reports wait for space: the session reads no further meanwhile, and the worker keeps what it has. False
    /// when the inbox was closed.
    Task<bool> put(worker_protocol::Report report);
    /// Never wait: of progress and of connection facts only the newest counts. Connection facts go first.
    void put_progress(worker_protocol::Report report);
    void put_connection(WorkerNews news);

    /// Waits for the next one; throws operation_aborted when the inbox is closed.
    Task<WorkerNews> next();
    /// The lease ended: waiters wake up.
    void close();

private:
    [[nodiscard]] std::size_t reports() const;

    std::deque<WorkerNews> news_;
    bool closed_ = false;
    Wakeup changed_;
    Wakeup space_;
};

}  // namespace emeth::node
