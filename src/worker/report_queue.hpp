// The reports that the master has not acknowledged, in the order in which it gets them. They outlive connections, and a
// restart of the worker makes the durable ones again (held_job.hpp). Bounded: a newer report of a kind replaces the
// older one of its JOB. Io thread only.
#pragma once

#include <cstdint>
#include <list>
#include <optional>

#include "runtime/random.hpp"
#include "runtime/wakeup.hpp"
#include "worker_protocol/messages.hpp"

namespace emeth::worker {

class ReportQueue {
public:
    /// Ids begin at a random number: an acknowledgement that was meant for an earlier process meets none of ours.
    ReportQueue(const asio::any_io_executor& executor, Random& random);

    /// Gives the report its id; a Progress gets none and only replaces the one that waits.
    void add(const JobId& job, std::uint64_t lease, worker_protocol::ReportBody body);
    /// The report, which is forgotten; none when it is not known (any more).
    std::optional<worker_protocol::Report> acknowledge(std::uint64_t id);
    /// Forgets all reports of a JOB.
    void drop(const JobId& job);
    /// What was sent is sent once more: of one JOB when the master orders it again, of all after a reconnect.
    void resend(const JobId& job);
    void resend_all();

    /// The next report to send, Progress last; waits for one. One caller at a time.
    Task<worker_protocol::Report> next();
    [[nodiscard]] std::size_t waiting() const { return entries_.size(); }

private:
    struct Entry {
        worker_protocol::Report report;
        bool sent = false;
    };
    std::optional<worker_protocol::Report> take_unsent();

    std::uint64_t last_id_;
    std::list<Entry> entries_;
    std::optional<worker_protocol::Report> progress_;
    Wakeup added_;
};

}  // namespace emeth::worker
