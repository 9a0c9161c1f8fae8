// Which worker serves which JOB: the rules behind WorkerHub, as a book that is told what happens and answers what
// follows from it. Pure: no I/O, no coroutine, no clock; `now` is monotonic time. WorkerServer, the unit tests' hub and
// the simulator all keep this book (through Reservations), so that they all follow, and test, the same rules.
//
// A reservation binds one JOB to one worker from reserve() or adopt() to release(), across any number of connections,
// and with it the members of the JOB's team, if it wants one, who are to help that worker. A worker that is held only
// for its files still counts as idle. Anything that a worker holds without a reservation is
// answered with Stop, as soon as the book knows, after the start of the master, which JOBs are alive.
//
//     const auto ticket = book.take_ticket({preferred, "d256"});   // first come, first served
//     if (auto reserved = book.reserve(ticket, job, now)) {        // else again when something has changed
//         send(reserved->stops);
//         book.drop_ticket(ticket);
//         send(book.adopt(job, 1, reserved->worker, Hold::work));  // when the lease is durable
//     }
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "node/workers/assignment.hpp"
#include "node/workers/sick_list.hpp"
#include "node/workers/worker_info.hpp"
#include "worker_protocol/messages.hpp"

namespace emeth::node {

/// What a connecting worker says about itself.
struct WorkerConnection {
    std::uint64_t power_capacity = 0;                   ///< as set by its operator, or 0
    std::string peer{};                                 ///< the IP address that it dials from
    std::map<JobId, std::uint64_t> held{};              ///< the leases of the JOBs whose files it keeps
    std::optional<worker_protocol::Fitness> fitness{};  ///< usually follows, by set_fitness()
    std::string cooperative_host = trainer_protocol::CooperationOptions{}.host;  ///< where others reach its trainer
};

/// To be sent to a connected worker.
struct StopOrder {
    Address worker;
    worker_protocol::Stop stop;
};
using StopOrders = std::vector<StopOrder>;

class ReservationBook {
public:
    /// A place in the queue for a worker; a smaller ticket comes first.
    using Ticket = std::uint64_t;
    struct Reserved {
        Address worker;
        StopOrders stops;  ///< for the work it was doing as a helper
    };
    struct Reservation {
        Address worker;
        std::uint64_t lease = 0;  ///< 0: reserved, the lease is not granted yet
        Hold hold = Hold::work;
        std::uint32_t team = 1;       ///< workers that the JOB wants in all
        std::set<Address> members{};  ///< committed to it beside `worker`, also while they are away
    };
    struct Lease {
        JobId job;
        std::uint64_t number = 0;
        Hold hold = Hold::work;
    };
    enum class Standing {
        stands,
        over,     ///< superseded by another lease, or the JOB has none: answer with refuse()
        unknown,  ///< the master has just started and has not looked through its JOBs yet
    };
    struct HelperCall {
        Address worker;
        bool first = false;  ///< first call of this worker to this rendezvous
    };

    // Connections.

    /// A newer connection from a worker replaces the earlier one.
    StopOrders connect(const Address& worker, WorkerConnection connection);
    void disconnect(const Address& worker) { connected_.erase(worker); }
    /// The connected worker has proved what it can train, or that it cannot. Until then it counts as busy.
    void set_fitness(const Address& worker, worker_protocol::Fitness fitness);
    [[nodiscard]] bool is_connected(const Address& worker) const { return connected_.contains(worker); }
    [[nodiscard]] std::size_t connected() const { return connected_.size(); }
    /// Connected workers, and absent ones that a JOB holds for work.
    [[nodiscard]] std::vector<WorkerInfo> workers(Milliseconds now) const;
    /// See WorkerHub::idle_workers(). None before set_recovered().
    [[nodiscard]] std::size_t idle_workers(Milliseconds now) const;

    /// Called once, after adopt() has been called for every active JOB that has a lease. `active`: all JOBs that have
    /// not ended.
    StopOrders set_recovered(const std::vector<JobId>& active);

    // Reservations. A JOB has at most one.

    Ticket take_ticket(WorkerWish wish = {});
    void drop_ticket(Ticket ticket) { tickets_.erase(ticket); }
    /// Those that get one of the workers that are idle now (assignment.hpp).
    [[nodiscard]] std::vector<Ticket> served_tickets(Milliseconds now) const;
    /// The worker that the ticket gets of those that are idle now. None if others get them all, and always before
    /// set_recovered(), since JOBs that are about to be adopted come first.
    std::optional<Reserved> reserve(Ticket ticket, const JobId& job, Milliseconds now);
    /// `lease` is not 0. Any other worker that holds files of the JOB is stopped.
    StopOrders adopt(const JobId& job, std::uint64_t lease, const Address& worker, Hold hold);
    StopOrders release(const JobId& job, bool forget, const std::string& reason);
    /// How many workers the JOB, which has a reservation for work, wants in all. Nobody is called away from another JOB
    /// for it. With 1 its members are committed no longer.
    void set_team(const JobId& job, std::uint32_t workers);

    /// Null if the JOB has none. Valid until the next change.
    [[nodiscard]] const Reservation* find(const JobId& job) const;
    /// The connected worker of the reservation; none if it is absent or its lease is not `lease`.
    [[nodiscard]] std::optional<Address> holder(const JobId& job) const;
    [[nodiscard]] std::optional<Address> holder(const JobId& job, std::uint64_t lease) const;
    /// Only adopted leases.
    [[nodiscard]] std::vector<Lease> leases_of(const Address& worker) const;
    /// The connected holder of the lease is given an order that makes it keep files of the JOB.
    void note_files(const JobId& job, std::uint64_t lease);

    // Reports.

    [[nodiscard]] Standing standing(const Address& worker, const JobId& job, std::uint64_t lease) const;
    /// The answer to a report under a lease that is over.
    StopOrders refuse(const Address& worker, const JobId& job, std::uint64_t lease);

    // Workers that train a share of another worker's JOB (cooperative=nvm): the members of its team, and idle workers.
    // The latter still count as idle, except as many as teams lack members.

    /// How many could be called now: reachable, not called to this rendezvous within the last minute, and either a
    /// member, or not resting and not helping another JOB. Of these none while anyone is waiting for a worker.
    [[nodiscard]] std::size_t helpers_to_call(const JobId& job, const trainer_protocol::Rendezvous& rendezvous,
                                              Milliseconds now) const;
    /// Records that all of them were called, for the lease, which must be the current one.
    std::vector<HelperCall> call_helpers(const JobId& job, std::uint64_t lease,
                                         const trainer_protocol::Rendezvous& rendezvous, Milliseconds now);

    // Rests; see SickList.

    Milliseconds lease_failed(const Address& worker, bool counts, Milliseconds now) {
        return sick_list_.lease_failed(worker, counts, now);
    }
    /// How long it rests for it; zero after the first such JOB since its last result.
    Milliseconds called_hopeless(const Address& worker, Milliseconds now) {
        return ++hopeless_jobs_[worker] < 2 ? Milliseconds::zero() : sick_list_.lease_failed(worker, true, now);
    }
    void lease_fulfilled(const Address& worker) {
        sick_list_.lease_fulfilled(worker);
        hopeless_jobs_.erase(worker);
        fulfilled_.insert(worker);
    }

private:
    struct Help {
        JobId job;
        std::uint64_t lease = 0;
        Hash256 token;  ///< of the rendezvous
        Milliseconds called_at{0};
        bool had_files = false;  ///< of the JOB before the first call, from having held the JOB itself
    };
    struct Connected {
        WorkerConnection connection;
        std::optional<Help> help{};
    };

    [[nodiscard]] std::optional<JobId> job_of(const Address& worker) const;
    /// Whose team it belongs to.
    [[nodiscard]] std::optional<JobId> team_of(const Address& worker) const;
    [[nodiscard]] std::optional<JobId> helped_by(const Connected& worker) const;
    [[nodiscard]] std::size_t members_missing(const Reservation& reservation) const;
    bool rejoins(const Address& worker, const JobId& job, std::uint64_t lease);
    [[nodiscard]] Milliseconds rest_of(const Address& worker, Milliseconds now) const {
        return sick_list_.rest_left(worker, now);
    }
    struct Assigned {
        Ticket ticket = 0;
        Address worker;
        std::set<Address> members;
    };
    [[nodiscard]] std::vector<Assigned> assigned(Milliseconds now) const;
    [[nodiscard]] WorkerInfo info_of(const Address& worker, const Connected& connected, Milliseconds now) const;
    [[nodiscard]] std::vector<Address> callable_helpers(const JobId& job,
                                                        const trainer_protocol::Rendezvous& rendezvous,
                                                        Milliseconds now) const;
    void settle(const Address& worker, StopOrders& stops);
    void take_from_other_help(const Address& worker, const JobId& job, StopOrders& stops);
    void stop(const Address& worker, worker_protocol::Stop order, StopOrders& stops);

    bool recovered_ = false;
    std::map<Address, Connected> connected_;
    std::map<JobId, Reservation> reservations_;
    std::set<JobId> alive_;  ///< JOBs whose files a worker may keep
    std::map<Ticket, WorkerWish> tickets_;
    Ticket last_ticket_ = 0;
    SickList sick_list_;
    std::map<Address, std::uint32_t> hopeless_jobs_;  ///< that a worker called so, since its last result
    std::set<Address> fulfilled_;                     ///< workers that have delivered a result since the master's start
};

}  // namespace emeth::node
