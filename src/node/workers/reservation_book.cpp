#include "node/workers/reservation_book.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace emeth::node {
namespace {

/// A helper may be called again after this: its trainer may have died, or the dataset's URL may have expired.
constexpr Milliseconds call_again_after{60'000};

}  // namespace

StopOrders ReservationBook::connect(const Address& worker, WorkerConnection connection) {
    connected_[worker] = Connected{std::move(connection)};
    StopOrders stops;
    if (recovered_) settle(worker, stops);
    return stops;
}

StopOrders ReservationBook::set_recovered(const std::vector<JobId>& active) {
    alive_.insert(active.begin(), active.end());
    recovered_ = true;
    StopOrders stops;
    for (const auto& [worker, connected] : connected_) settle(worker, stops);
    return stops;
}

/// Responds to what the worker holds: a JOB that is reserved for it continues, everything else is stopped, and files of
/// JOBs that are no longer alive are deleted.
void ReservationBook::settle(const Address& worker, StopOrders& stops) {
    const std::map<JobId, std::uint64_t> held = connected_.at(worker).connection.held;
    for (const auto& [job, lease] : held) {
        const Reservation* reserved = find(job);
        if (reserved != nullptr && reserved->worker == worker) continue;
        if (rejoins(worker, job, lease)) continue;
        const bool alive = alive_.contains(job);
        stop(worker, {job, lease, !alive, alive ? "the JOB is not leased to this worker" : "the JOB has ended"}, stops);
    }
}

/// A worker that helped under the lease which still stands goes on, as a member of the team if that lacks one: neither
/// a lost connection nor a restart of the master costs a team its members.
bool ReservationBook::rejoins(const Address& worker, const JobId& job, std::uint64_t lease) {
    const auto found = reservations_.find(job);
    if (found == reservations_.end()) return false;
    Reservation& reservation = found->second;
    if (reservation.hold != Hold::work || reservation.lease == 0 || reservation.lease != lease) return false;
    if (reservation.members.contains(worker)) return true;
    const bool has_place = reservation.members.size() + 1 < reservation.team;
    if (!has_place || job_of(worker) || team_of(worker)) return false;
    reservation.members.insert(worker);
    return true;
}

void ReservationBook::stop(const Address& worker, worker_protocol::Stop order, StopOrders& stops) {
    Connected& connected = connected_.at(worker);
    if (order.forget) connected.connection.held.erase(order.job);
    if (connected.help && connected.help->job == order.job) connected.help.reset();
    stops.push_back({worker, std::move(order)});
}

std::vector<WorkerInfo> ReservationBook::workers(Milliseconds now) const {
    std::vector<WorkerInfo> infos;
    for (const auto& [worker, connected] : connected_) infos.push_back(info_of(worker, connected, now));
    for (const auto& [job, reservation] : reservations_)
        if (!is_connected(reservation.worker) && reservation.hold == Hold::work)
            infos.push_back({reservation.worker, false, 0, job, std::nullopt, rest_of(reservation.worker, now)});
    return infos;
}

WorkerInfo ReservationBook::info_of(const Address& worker, const Connected& connected, Milliseconds now) const {
    const auto team = team_of(worker);
    return {worker,
            true,
            connected.connection.power_capacity,
            job_of(worker),
            team ? team : helped_by(connected),
            rest_of(worker, now),
            connected.connection.fitness,
            team.has_value(),
            connected.connection.peer,
            connected.connection.cooperative_host};
}

/// Where a team lacks members, as many idle workers stand in for them, if they can: a new JOB must not count on those.
std::size_t ReservationBook::idle_workers(Milliseconds now) const {
    if (!recovered_) return 0;
    const auto idle = static_cast<std::size_t>(std::ranges::count_if(workers(now), is_idle));
    std::size_t missing = 0;
    for (const auto& [job, reservation] : reservations_) missing += members_missing(reservation);
    return idle - std::min(idle, missing);
}

std::size_t ReservationBook::members_missing(const Reservation& reservation) const {
    if (reservation.hold != Hold::work) return 0;
    const auto present =
        static_cast<std::size_t>(std::ranges::count_if(reservation.members, [&](const Address& member) {
            const auto found = connected_.find(member);
            return found != connected_.end() && !why_unfit(found->second.connection.fitness, "");
        }));
    return reservation.team - std::min<std::size_t>(reservation.team, 1 + present);
}

void ReservationBook::set_fitness(const Address& worker, worker_protocol::Fitness fitness) {
    const auto connected = connected_.find(worker);
    if (connected != connected_.end()) connected->second.connection.fitness = std::move(fitness);
}

std::optional<JobId> ReservationBook::job_of(const Address& worker) const {
    for (const auto& [job, reservation] : reservations_)
        if (reservation.worker == worker && reservation.hold == Hold::work) return job;
    return std::nullopt;
}

std::optional<JobId> ReservationBook::team_of(const Address& worker) const {
    for (const auto& [job, reservation] : reservations_)
        if (reservation.members.contains(worker)) return job;
    return std::nullopt;
}

void ReservationBook::set_team(const JobId& job, std::uint32_t workers) {
    const auto found = reservations_.find(job);
    if (found == reservations_.end() || found->second.hold != Hold::work) return;
    found->second.team = workers;
    if (workers == 1) found->second.members.clear();
}

ReservationBook::Ticket ReservationBook::take_ticket(WorkerWish wish) {
    tickets_[++last_ticket_] = std::move(wish);
    return last_ticket_;
}

std::vector<ReservationBook::Assigned> ReservationBook::assigned(Milliseconds now) const {
    std::vector<Ticket> tickets;
    std::vector<WorkerWish> wishes;
    for (const auto& [ticket, wish] : tickets_) {
        tickets.push_back(ticket);
        wishes.push_back(wish);
    }
    if (tickets.empty()) return {};
    std::vector<IdleWorker> idle;
    for (const auto& [worker, connected] : connected_) {
        if (job_of(worker) || team_of(worker) || why_unfit(connected.connection.fitness, "")) continue;
        const auto helped = helped_by(connected);
        const bool stands_in = helped && members_missing(reservations_.at(*helped)) > 0;
        idle.push_back({info_of(worker, connected, now), fulfilled_.contains(worker), stands_in});
    }
    std::vector<Assigned> assigned;
    for (const Assignment& one : assign(wishes, idle, now)) {
        Assigned& added = assigned.emplace_back(Assigned{tickets[one.wish], idle[one.worker].info.address, {}});
        for (const std::size_t helper : one.helpers) added.members.insert(idle[helper].info.address);
    }
    return assigned;
}

std::vector<ReservationBook::Ticket> ReservationBook::served_tickets(Milliseconds now) const {
    std::vector<Ticket> served;
    for (const Assigned& one : assigned(now)) served.push_back(one.ticket);
    return served;
}

std::optional<ReservationBook::Reserved> ReservationBook::reserve(Ticket ticket, const JobId& job, Milliseconds now) {
    if (!recovered_) return std::nullopt;
    const auto all = assigned(now);
    const auto own = std::ranges::find(all, ticket, &Assigned::ticket);
    if (own == all.end()) return std::nullopt;
    Reserved reserved{own->worker, {}};
    take_from_other_help(own->worker, job, reserved.stops);
    connected_.at(own->worker).help.reset();
    for (const Address& member : own->members) take_from_other_help(member, job, reserved.stops);
    reservations_[job] = Reservation{own->worker, 0, Hold::work, tickets_.at(ticket).team, own->members};
    alive_.insert(job);
    return reserved;
}

void ReservationBook::take_from_other_help(const Address& worker, const JobId& job, StopOrders& stops) {
    const auto& help = connected_.at(worker).help;
    if (help && help->job != job)
        stop(worker, {help->job, help->lease, !help->had_files, "a JOB needs this worker"}, stops);
}

StopOrders ReservationBook::adopt(const JobId& job, std::uint64_t lease, const Address& worker, Hold hold) {
    Reservation& reservation = reservations_[job];
    if (reservation.worker != worker || hold != Hold::work) reservation = {};
    reservation.worker = worker;
    reservation.lease = lease;
    reservation.hold = hold;
    alive_.insert(job);
    StopOrders stops;
    for (const auto& [other, connected] : connected_) {
        const auto held = connected.connection.held.find(job);
        const bool has_files = other != worker && held != connected.connection.held.end();
        const bool helps = hold == Hold::work && has_files && held->second == lease;
        if (has_files && !helps)
            stop(other,
                 {job, held->second, false, fmt::format("lease {} of the JOB went to worker {}", lease, worker.hex())},
                 stops);
    }
    return stops;
}

StopOrders ReservationBook::release(const JobId& job, bool forget, const std::string& reason) {
    reservations_.erase(job);
    if (forget) alive_.erase(job);
    StopOrders stops;
    for (const auto& [worker, connected] : connected_) {
        const auto held = connected.connection.held.find(job);
        if (held != connected.connection.held.end()) stop(worker, {job, held->second, forget, reason}, stops);
    }
    return stops;
}

const ReservationBook::Reservation* ReservationBook::find(const JobId& job) const {
    const auto found = reservations_.find(job);
    return found == reservations_.end() ? nullptr : &found->second;
}

std::optional<Address> ReservationBook::holder(const JobId& job) const {
    const Reservation* reserved = find(job);
    return reserved != nullptr && is_connected(reserved->worker) ? std::optional(reserved->worker) : std::nullopt;
}

std::optional<Address> ReservationBook::holder(const JobId& job, std::uint64_t lease) const {
    const Reservation* reserved = find(job);
    return reserved != nullptr && reserved->lease == lease ? holder(job) : std::nullopt;
}

std::vector<ReservationBook::Lease> ReservationBook::leases_of(const Address& worker) const {
    std::vector<Lease> leases;
    for (const auto& [job, reservation] : reservations_)
        if (reservation.worker == worker && reservation.lease != 0)
            leases.push_back({job, reservation.lease, reservation.hold});
    return leases;
}

void ReservationBook::note_files(const JobId& job, std::uint64_t lease) {
    if (const auto worker = holder(job, lease)) connected_.at(*worker).connection.held[job] = lease;
}

ReservationBook::Standing ReservationBook::standing(const Address& worker, const JobId& job,
                                                    std::uint64_t lease) const {
    const Reservation* reserved = find(job);
    if (reserved == nullptr || reserved->lease == 0) return recovered_ ? Standing::over : Standing::unknown;
    return reserved->worker == worker && reserved->lease == lease ? Standing::stands : Standing::over;
}

StopOrders ReservationBook::refuse(const Address& worker, const JobId& job, std::uint64_t lease) {
    StopOrders stops;
    if (is_connected(worker))
        stop(worker, {job, lease, !alive_.contains(job), fmt::format("lease {} of the JOB does not stand", lease)},
             stops);
    return stops;
}

/// None once the call that it answered is over.
std::optional<JobId> ReservationBook::helped_by(const Connected& worker) const {
    if (!worker.help) return std::nullopt;
    const Reservation* helped = find(worker.help->job);
    const bool stands = helped != nullptr && helped->hold == Hold::work && helped->lease == worker.help->lease;
    return stands ? std::optional(worker.help->job) : std::nullopt;
}

std::vector<Address> ReservationBook::callable_helpers(const JobId& job, const trainer_protocol::Rendezvous& rendezvous,
                                                       Milliseconds now) const {
    std::vector<Address> helpers;
    const auto leader = holder(job);
    if (!recovered_ || !leader || reservations_.at(job).hold != Hold::work) return helpers;
    const bool nobody_waits = assigned(now).empty();
    WorkerInfo led = info_of(*leader, connected_.at(*leader), now);
    led.cooperative_host = rendezvous.host;
    for (const auto& [worker, connected] : connected_) {
        const WorkerInfo info = info_of(worker, connected, now);
        const bool called = connected.help && connected.help->token == rendezvous.token &&
                            now < connected.help->called_at + call_again_after;
        const bool is_elsewhere = info.helps && info.helps != job;
        const bool is_member = info.is_committed && !why_unfit(info.fitness, "");
        const bool may_help = is_member || (nobody_waits && is_idle(info));
        if (may_help && can_reach(info, led) && !called && !is_elsewhere) helpers.push_back(worker);
    }
    return helpers;
}

std::size_t ReservationBook::helpers_to_call(const JobId& job, const trainer_protocol::Rendezvous& rendezvous,
                                             Milliseconds now) const {
    return callable_helpers(job, rendezvous, now).size();
}

std::vector<ReservationBook::HelperCall> ReservationBook::call_helpers(const JobId& job, std::uint64_t lease,
                                                                       const trainer_protocol::Rendezvous& rendezvous,
                                                                       Milliseconds now) {
    std::vector<HelperCall> calls;
    if (!holder(job, lease)) return calls;
    for (const Address& worker : callable_helpers(job, rendezvous, now)) {
        Connected& connected = connected_.at(worker);
        auto& held = connected.connection.held;
        const bool first = !connected.help || connected.help->token != rendezvous.token;
        const bool had_files =
            connected.help && connected.help->job == job ? connected.help->had_files : held.contains(job);
        connected.help = Help{job, lease, rendezvous.token, now, had_files};
        held[job] = lease;
        calls.push_back({worker, first});
    }
    return calls;
}

}  // namespace emeth::node
