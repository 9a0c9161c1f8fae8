#include "node/workers/reservations.hpp"

#include <utility>
#include <variant>

namespace emeth::node {
namespace {

bool is_progress(const worker_protocol::Report& report) {
    return std::holds_alternative<worker_protocol::Progress>(report.body);
}

}  // namespace

/// A place in the queue of reserve() calls, given up however the call ends.
class Reservations::Turn {
public:
    Turn(Reservations& owner, WorkerWish wish)
        : wakeup(owner.executor_), owner_(owner), ticket_(owner.book_.take_ticket(std::move(wish))) {
        owner_.turns_[ticket_] = &wakeup;
    }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    ~Turn() {
        owner_.turns_.erase(ticket_);
        owner_.book_.drop_ticket(ticket_);
        owner_.let_served_look();
    }
    [[nodiscard]] ReservationBook::Ticket ticket() const { return ticket_; }

    Wakeup wakeup;

private:
    Reservations& owner_;
    ReservationBook::Ticket ticket_;
};

/// A report that waits until its lease is known.
class Reservations::LeaseWait {
public:
    explicit LeaseWait(Reservations& owner)
        : wakeup(owner.executor_),
          owner_(owner),
          place_(owner.waiting_reports_.insert(owner.waiting_reports_.end(), &wakeup)) {}
    LeaseWait(const LeaseWait&) = delete;
    LeaseWait& operator=(const LeaseWait&) = delete;
    ~LeaseWait() { owner_.waiting_reports_.erase(place_); }

    Wakeup wakeup;

private:
    Reservations& owner_;
    std::list<Wakeup*>::iterator place_;
};

void Reservations::send(StopOrders stops) {
    for (StopOrder& stop : stops) send_stop_(stop.worker, std::move(stop.stop));
}

void Reservations::let_served_look() {
    for (const auto ticket : book_.served_tickets(clock_.monotonic())) turns_.at(ticket)->notify();
}

void Reservations::let_reports_look() {
    for (Wakeup* waiting : waiting_reports_) waiting->notify();
}

void Reservations::close_inbox(const JobId& job) {
    const auto found = inboxes_.find(job);
    if (found == inboxes_.end()) return;
    found->second->close();
    inboxes_.erase(found);
}

void Reservations::connect(const Address& worker, WorkerConnection connection) {
    send(book_.connect(worker, std::move(connection)));
    for (const auto& lease : book_.leases_of(worker))
        inboxes_.at(lease.job)->put_connection({0, lease.number, WorkerConnected{}});
    let_served_look();
}

void Reservations::disconnect(const Address& worker, const std::string& reason) {
    book_.disconnect(worker);
    for (const auto& lease : book_.leases_of(worker))
        inboxes_.at(lease.job)->put_connection({0, lease.number, WorkerDisconnected{reason}});
}

void Reservations::set_recovered(const std::vector<JobId>& active) {
    send(book_.set_recovered(active));
    let_reports_look();
    let_served_look();
}

void Reservations::set_fitness(const Address& worker, worker_protocol::Fitness fitness) {
    book_.set_fitness(worker, std::move(fitness));
    let_served_look();
}

Task<Address> Reservations::reserve(JobId job, WorkerWish wish) {
    if (book_.find(job) != nullptr) release(job, false, "the JOB is leased anew");
    Turn turn(*this, std::move(wish));
    for (;;) {
        auto reserved = book_.reserve(turn.ticket(), job, clock_.monotonic());
        if (reserved) {
            send(std::move(reserved->stops));
            co_return reserved->worker;
        }
        co_await turn.wakeup.wait();
    }
}

std::shared_ptr<WorkerInbox> Reservations::adopt(const JobId& job, std::uint64_t lease, const Address& worker,
                                                 Hold hold) {
    close_inbox(job);
    const auto inbox = std::make_shared<WorkerInbox>(executor_);
    inboxes_[job] = inbox;
    StopOrders stops = book_.adopt(job, lease, worker, hold);
    if (book_.is_connected(worker))
        inbox->put_connection({0, lease, WorkerConnected{}});
    else
        inbox->put_connection({0, lease, WorkerDisconnected{"the worker has not connected yet"}});
    send(std::move(stops));
    let_reports_look();
    return inbox;
}

void Reservations::release(const JobId& job, bool forget, const std::string& reason) {
    close_inbox(job);
    send(book_.release(job, forget, reason));
    let_served_look();
}

void Reservations::set_team(const JobId& job, std::uint32_t workers) {
    book_.set_team(job, workers);
    let_served_look();
}

Task<> Reservations::deliver(Address worker, worker_protocol::Report report) {
    for (;;) {
        const auto standing = book_.standing(worker, report.job, report.lease);
        if (is_progress(report) || standing == ReservationBook::Standing::over) {
            offer(worker, std::move(report));
            co_return;
        }
        if (standing == ReservationBook::Standing::stands) {
            const std::shared_ptr<WorkerInbox> inbox = inboxes_.at(report.job);
            if (co_await inbox->put(report)) co_return;  // otherwise the lease has ended meanwhile
        } else {
            LeaseWait wait(*this);
            co_await wait.wakeup.wait();
        }
    }
}

bool Reservations::offer(const Address& worker, worker_protocol::Report report) {
    switch (book_.standing(worker, report.job, report.lease)) {
        case ReservationBook::Standing::stands:
            if (!is_progress(report)) return inboxes_.at(report.job)->offer(std::move(report));
            inboxes_.at(report.job)->put_progress(std::move(report));
            return true;
        case ReservationBook::Standing::over:
            send(book_.refuse(worker, report.job, report.lease));
            return true;
        case ReservationBook::Standing::unknown:
            break;
    }
    return false;
}

}  // namespace emeth::node
