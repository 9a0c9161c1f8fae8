// What the master has still to be told: the reports that it has not acknowledged, in the order in which they are sent.
// They outlive connections; after a restart of the worker the durable ones are made again from its records
// (held_job.hpp). Bounded: a newer report replaces an older one of the same kind and JOB. Io thread only.
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
    /// Ids begin at a random number, so that an acknowledgement meant for an earlier process matches none of them.
    ReportQueue(const asio::any_io_executor& executor, Random& random);

    /// Gives the report an id. A Progress gets none and just replaces the one that is waiting.
    void add(const JobId& job, std::uint64_t lease, worker_protocol::ReportBody body);
    /// Forgets the report and returns it; empty if there is none with this id (any more).
    std::optional<worker_protocol::Report> acknowledge(std::uint64_t id);
    /// Forgets all reports of a JOB.
    void drop(const JobId& job);
    /// To be sent now, and again after each reconnect.
    void set_fitness(worker_protocol::Fitness fitness);
    /// Send once more what was sent: one JOB's reports when the master repeats its order;
    /// all of them, and the fitness, after a reconnect.
    void resend(const JobId& job);
    void resend_all();

    /// The next message to send: the fitness, a report, Progress last; waits for one. One caller at a time.
    Task<worker_protocol::FromWorker> next();
    [[nodiscard]] std::size_t waiting() const { return entries_.size(); }

private:
    struct Entry {
        worker_protocol::Report report;
        bool sent = false;
    };
    std::optional<worker_protocol::FromWorker> take_unsent();

    std::uint64_t last_id_;
    std::list<Entry> entries_;
    std::optional<worker_protocol::Report> progress_;
    std::optional<worker_protocol::Fitness> fitness_;
    bool fitness_sent_ = false;
    Wakeup added_;
};

}  // namespace emeth::worker
