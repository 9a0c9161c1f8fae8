#include <fmt/format.h>

#include <tuple>
#include <utility>

#include "node/workers/worker_server.hpp"
#include "runtime/log.hpp"

namespace emeth::node {

/// A place in the queue of reserve() calls, left when it ends in whatever way.
class WorkerServer::Turn {
public:
    explicit Turn(WorkerServer& server)
        : wakeup(server.executor_),
          server_(server),
          place_(server.waiting_turns_.insert(server.waiting_turns_.end(), this)) {}
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    ~Turn() {
        server_.waiting_turns_.erase(place_);
        server_.wake_waiters();
    }

    [[nodiscard]] bool is_first() const { return server_.waiting_turns_.front() == this; }
    Wakeup wakeup;

private:
    WorkerServer& server_;
    std::list<Turn*>::iterator place_;
};

void WorkerServer::wake_waiters() {
    if (!waiting_turns_.empty()) waiting_turns_.front()->wakeup.notify();
}

std::optional<JobId> WorkerServer::job_of(const Address& worker) const {
    for (const auto& [job, reservation] : reservations_)
        if (reservation.worker == worker && reservation.hold == Hold::work) return job;
    return std::nullopt;
}

WorkerServer::SessionPtr WorkerServer::session_of(const JobId& job, std::uint64_t lease) const {
    const auto found = reservations_.find(job);
    if (found == reservations_.end() || found->second.lease != lease) return nullptr;
    const auto session = sessions_.find(found->second.worker);
    return session == sessions_.end() ? nullptr : session->second;
}

std::optional<Address> WorkerServer::idle_worker(const std::optional<Address>& preferred) const {
    if (!recovered_) return std::nullopt;  // JOBs that are adopted in a moment come first
    std::optional<Address> best;
    const auto rank = [&](const Address& worker) {
        return std::tuple(rest_of(worker), preferred != worker, helped_by(*sessions_.at(worker)).has_value());
    };
    for (const auto& [worker, session] : sessions_)
        if (!job_of(worker) && (!best || rank(worker) < rank(*best))) best = worker;
    return best;
}

std::vector<WorkerInfo> WorkerServer::workers() const {
    std::vector<WorkerInfo> infos;
    for (const auto& [worker, session] : sessions_)
        infos.push_back(
            {worker, true, session->power_capacity(), job_of(worker), helped_by(*session), rest_of(worker)});
    for (const auto& [job, reservation] : reservations_)
        if (!sessions_.contains(reservation.worker) && reservation.hold == Hold::work)
            infos.push_back({reservation.worker, false, 0, job, std::nullopt, rest_of(reservation.worker)});
    return infos;
}

std::size_t WorkerServer::idle_workers() const {
    std::size_t idle = 0;
    if (recovered_)
        for (const auto& [worker, session] : sessions_)
            idle += job_of(worker) || rest_of(worker) > Milliseconds::zero() ? 0 : 1;
    return idle;
}

Task<Address> WorkerServer::reserve(JobId job, std::optional<Address> preferred) {
    if (reservations_.contains(job)) release(job, false, "the JOB is leased anew");
    Turn turn(*this);
    for (;;) {
        const auto worker = turn.is_first() ? idle_worker(preferred) : std::nullopt;
        if (worker) {
            WorkerSession& session = *sessions_.at(*worker);
            if (session.help && session.help->job != job)
                stop(session, session.help->job, session.help->lease, !session.help->had_files,
                     "a JOB needs this worker");
            session.help.reset();
            reservations_[job] = Reservation{*worker, 0, nullptr, Hold::work};
            alive_.insert(job);
            co_return *worker;
        }
        co_await turn.wakeup.wait();
    }
}

std::shared_ptr<WorkerInbox> WorkerServer::adopt(JobId job, std::uint64_t lease, Address worker, Hold hold) {
    Reservation& reservation = reservations_[job];
    if (reservation.inbox) reservation.inbox->close();
    reservation = Reservation{worker, lease, std::make_shared<WorkerInbox>(executor_), hold};
    alive_.insert(job);
    if (sessions_.contains(worker))
        reservation.inbox->put_connection({0, lease, WorkerConnected{}});
    else
        reservation.inbox->put_connection({0, lease, WorkerDisconnected{"the worker has not connected yet"}});
    for (const auto& [other, session] : sessions_) {
        const auto held = session->held.find(job);
        if (other != worker && held != session->held.end())
            stop(*session, job, held->second, false,
                 fmt::format("lease {} of the JOB went to worker {}", lease, worker.hex()));
        session->leases_changed.notify();
    }
    return reservation.inbox;
}

void WorkerServer::release(JobId job, bool forget, std::string reason) {
    const auto found = reservations_.find(job);
    if (found != reservations_.end()) {
        if (found->second.inbox) found->second.inbox->close();
        reservations_.erase(found);
    }
    if (forget) alive_.erase(job);
    for (const auto& [worker, session] : sessions_) {
        const auto held = session->held.find(job);
        if (held != session->held.end()) stop(*session, job, held->second, forget, reason);
    }
    wake_waiters();
}

void WorkerServer::set_recovered(const std::vector<JobId>& active) {
    alive_.insert(active.begin(), active.end());
    recovered_ = true;
    for (const auto& [worker, session] : sessions_) {
        settle(*session);
        session->leases_changed.notify();
    }
    wake_waiters();
}

/// Answers what the worker holds: its own adopted JOB goes on, all else stops, and what is not alive is forgotten.
void WorkerServer::settle(WorkerSession& session) {
    const std::map<JobId, std::uint64_t> held = session.held;
    for (const auto& [job, lease] : held) {
        const auto found = reservations_.find(job);
        if (found != reservations_.end() && found->second.worker == session.worker()) continue;
        const bool alive = alive_.contains(job);
        stop(session, job, lease, !alive, alive ? "the JOB is not leased to this worker" : "the JOB has ended");
    }
}

void WorkerServer::stop(WorkerSession& session, const JobId& job, std::uint64_t lease, bool forget,
                        std::string reason) {
    if (forget) session.held.erase(job);
    if (session.help && session.help->job == job) session.help.reset();
    session.send(worker_protocol::Stop{job, lease, forget, std::move(reason)});
}

Task<> WorkerServer::acknowledge(JobId job, std::uint64_t report_id) {
    const auto found = reservations_.find(job);
    if (found == reservations_.end()) co_return;
    if (const SessionPtr session = session_of(job, found->second.lease)) session->send(worker_protocol::Ack{report_id});
}

Task<> WorkerServer::order(worker_protocol::Assign order) {
    const SessionPtr session = session_of(order.job, order.lease);
    if (!session) co_return;
    session->held[order.job] = order.lease;
    session->send(order);
}

Task<> WorkerServer::order(worker_protocol::Upload order) {
    if (const SessionPtr session = session_of(order.job, order.lease)) session->send(order);
    co_return;
}

Task<> WorkerServer::order(worker_protocol::Evidence order) {
    const SessionPtr session = session_of(order.job, order.lease);
    if (!session) co_return;
    session->held[order.job] = order.lease;
    session->send(order);
}

void WorkerServer::lease_failed(Address worker, bool counts) {
    const Milliseconds rest = sick_list_.lease_failed(worker, counts, clock_.monotonic());
    spdlog::warn(
        "worker {} fails again and again: no new JOB for it during {} min; its own log says what is to be mended, "
        "a restart of the master lets it in at once",
        worker.hex(), rest.count() / 60'000);
}

void WorkerServer::lease_fulfilled(Address worker) {
    sick_list_.lease_fulfilled(worker);
}

}  // namespace emeth::node
