// The reservation book of a running hub, with everything that waits on it: reserve() calls in order, reports to a
// master that has just started, and the inbox of each lease. WorkerServer, the unit tests' hub and the simulator each
// combine their connections with one of these. Io thread only.
#pragma once

#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "node/workers/reservation_book.hpp"
#include "node/workers/worker_inbox.hpp"
#include "runtime/clock.hpp"
#include "runtime/task.hpp"
#include "runtime/wakeup.hpp"

namespace emeth::node {

class Reservations {
public:
    /// Sends Stop to a connected worker; must not call back.
    using SendStop = std::function<void(const Address& worker, worker_protocol::Stop order)>;

    /// Coroutines of reserve() and deliver() must have ended before it is destroyed.
    Reservations(const asio::any_io_executor& executor, Clock& clock, SendStop send_stop)
        : executor_(executor), clock_(clock), send_stop_(std::move(send_stop)) {}
    Reservations(const Reservations&) = delete;
    Reservations& operator=(const Reservations&) = delete;

    /// For queries, and for changes that nobody waits for.
    [[nodiscard]] ReservationBook& book() { return book_; }
    [[nodiscard]] const ReservationBook& book() const { return book_; }
    [[nodiscard]] std::vector<WorkerInfo> workers() const { return book_.workers(clock_.monotonic()); }
    [[nodiscard]] std::size_t idle_workers() const { return book_.idle_workers(clock_.monotonic()); }

    /// These notify the inboxes of the worker's leases.
    void connect(const Address& worker, WorkerConnection connection);
    void disconnect(const Address& worker, const std::string& reason);
    /// See ReservationBook::set_fitness(). Whoever waits for a worker looks again.
    void set_fitness(const Address& worker, worker_protocol::Fitness fitness);
    /// See ReservationBook::set_recovered().
    void set_recovered(const std::vector<JobId>& active);

    /// As documented in WorkerHub. Any reservation that the JOB still has is released first.
    Task<Address> reserve(JobId job, WorkerWish wish);
    std::shared_ptr<WorkerInbox> adopt(const JobId& job, std::uint64_t lease, const Address& worker, Hold hold);
    void release(const JobId& job, bool forget, const std::string& reason);
    /// See ReservationBook::set_team().
    void set_team(const JobId& job, std::uint32_t workers);

    /// A worker's report goes into the inbox of its lease or is answered with Stop. Waits while that inbox is full, and
    /// while the master does not know yet who holds the lease.
    Task<> deliver(Address worker, worker_protocol::Report report);
    /// As deliver(), without waiting. False: not delivered now; the worker keeps a durable report and repeats it.
    bool offer(const Address& worker, worker_protocol::Report report);

private:
    class Turn;
    class LeaseWait;

    void send(StopOrders stops);
    void let_served_look();
    void let_reports_look();
    void close_inbox(const JobId& job);

    asio::any_io_executor executor_;
    Clock& clock_;
    SendStop send_stop_;
    ReservationBook book_;
    std::map<JobId, std::shared_ptr<WorkerInbox>> inboxes_;  ///< of the adopted leases
    std::map<ReservationBook::Ticket, Wakeup*> turns_;       ///< reserve() calls
    std::list<Wakeup*> waiting_reports_;
};

}  // namespace emeth::node
