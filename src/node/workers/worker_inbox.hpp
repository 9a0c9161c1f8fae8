// News from a JOB's worker, in order, until the JOB's coroutine has dealt with it: the only queue between the two.
// Bounded. Io thread only.
//
//     while (const WorkerNews* news = inbox->front()) {
//         const Result<void> taken = co_await take(*news);
//         if (taken.has_error()) co_return taken;  // it is still first in line for the next try
//         inbox->pop();
//     }
//     co_await inbox->wait();
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <variant>

#include "runtime/task.hpp"
#include "runtime/wakeup.hpp"
#include "worker_protocol/messages.hpp"

namespace emeth::node {

struct WorkerConnected {};  ///< the holder of the lease is connected (again): send it the order
struct WorkerDisconnected {
    std::string reason;
};

struct WorkerNews {
    std::uint64_t report_id = 0;  ///< not 0: acknowledge it after the commit
    std::uint64_t lease = 0;
    std::variant<WorkerConnected, WorkerDisconnected, worker_protocol::ReportBody> body;
};

class WorkerInbox {
public:
    /// Durable reports that are kept here, including the one at the front.
    static constexpr std::size_t reports_max = 64;

    explicit WorkerInbox(const asio::any_io_executor& executor) : changed_(executor), space_(executor) {}

    // The JOB's side; one reader.

    /// The oldest news; null when there is none or the inbox is closed. What it has returned stays at the front, at the
    /// same address, until pop(), whatever is put meanwhile.
    [[nodiscard]] const WorkerNews* front();
    /// Removes what front() has returned, and nothing else.
    void pop();
    /// Returns once front() has something to return or the inbox is closed. Throws operation_aborted
    /// when the waiter is cancelled.
    [[nodiscard]] Task<> wait();
    /// The lease has ended: no more news will come.
    [[nodiscard]] bool closed() const { return closed_; }

    // The hub's side.

    /// A durable report. Returns false and keeps nothing if the inbox is full or closed: the worker still has it.
    bool offer(worker_protocol::Report report);
    /// Waits for space, during which the session reads nothing further. False when the inbox is closed.
    Task<bool> put(worker_protocol::Report report);
    /// These never wait: only the newest progress and connection fact is kept, so a worker that was away for a moment
    /// while the JOB was busy leaves no trace. Connection facts overtake reports.
    void put_progress(worker_protocol::Report report);
    void put_connection(WorkerNews news);
    /// The lease has ended: waiters wake up.
    void close();

private:
    [[nodiscard]] bool is_full() const;

    std::optional<WorkerNews> shown_;  ///< returned by front()
    std::deque<WorkerNews> news_;      ///< what follows it
    bool closed_ = false;
    Wakeup changed_;
    Wakeup space_;
};

}  // namespace emeth::node
