#include "node/workers/reservation_book.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "runtime/ip_address.hpp"

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
        const bool alive = alive_.contains(job);
        stop(worker, {job, lease, !alive, alive ? "the JOB is not leased to this worker" : "the JOB has ended"}, stops);
    }
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
    return {worker,
            true,
            connected.connection.power_capacity,
            job_of(worker),
            helped_by(connected),
            rest_of(worker, now),
            connected.connection.fitness};
}

std::size_t ReservationBook::idle_workers(Milliseconds now) const {
    return recovered_ ? static_cast<std::size_t>(std::ranges::count_if(workers(now), is_idle)) : 0;
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

ReservationBook::Ticket ReservationBook::take_ticket(WorkerWish wish) {
    tickets_[++last_ticket_] = std::move(wish);
    return last_ticket_;
}

std::vector<std::pair<ReservationBook::Ticket, Address>> ReservationBook::assigned(Milliseconds now) const {
    std::vector<Ticket> tickets;
    std::vector<WorkerWish> wishes;
    for (const auto& [ticket, wish] : tickets_) {
        tickets.push_back(ticket);
        wishes.push_back(wish);
    }
    if (tickets.empty()) return {};
    std::vector<IdleWorker> idle;
    for (const auto& [worker, connected] : connected_)
        if (!job_of(worker) && !why_unfit(connected.connection.fitness, ""))
            idle.push_back({info_of(worker, connected, now), fulfilled_.contains(worker)});
    std::vector<std::pair<Ticket, Address>> pairs;
    for (const Assignment& pair : assign(wishes, idle, now))
        pairs.emplace_back(tickets[pair.wish], idle[pair.worker].info.address);
    return pairs;
}

std::vector<ReservationBook::Ticket> ReservationBook::served_tickets(Milliseconds now) const {
    std::vector<Ticket> served;
    for (const auto& [ticket, worker] : assigned(now)) served.push_back(ticket);
    return served;
}

std::optional<ReservationBook::Reserved> ReservationBook::reserve(Ticket ticket, const JobId& job, Milliseconds now) {
    if (!recovered_) return std::nullopt;
    const auto pairs = assigned(now);
    const auto own = std::ranges::find(pairs, ticket, [](const auto& pair) { return pair.first; });
    if (own == pairs.end()) return std::nullopt;
    const Address worker = own->second;
    Reserved reserved{worker, {}};
    auto& help = connected_.at(worker).help;
    if (help && help->job != job)
        stop(worker, {help->job, help->lease, !help->had_files, "a JOB needs this worker"}, reserved.stops);
    help.reset();
    reservations_[job] = Reservation{worker};
    alive_.insert(job);
    return reserved;
}

StopOrders ReservationBook::adopt(const JobId& job, std::uint64_t lease, const Address& worker, Hold hold) {
    reservations_[job] = Reservation{worker, lease, hold};
    alive_.insert(job);
    StopOrders stops;
    for (const auto& [other, connected] : connected_) {
        const auto held = connected.connection.held.find(job);
        if (other != worker && held != connected.connection.held.end())
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

/// A leader that listens on a loopback address can be reached only from its own machine.
std::vector<Address> ReservationBook::callable_helpers(const JobId& job, const trainer_protocol::Rendezvous& rendezvous,
                                                       Milliseconds now) const {
    std::vector<Address> helpers;
    const auto leader = holder(job);
    if (!recovered_ || !assigned(now).empty() || !leader || reservations_.at(job).hold != Hold::work) return helpers;
    const std::string& leader_peer = connected_.at(*leader).connection.peer;
    for (const auto& [worker, connected] : connected_) {
        const bool idle = is_idle(info_of(worker, connected, now));
        const bool reaches = !is_loopback(rendezvous.host) || connected.connection.peer == leader_peer;
        const bool called = connected.help && connected.help->token == rendezvous.token &&
                            now < connected.help->called_at + call_again_after;
        const auto helped = helped_by(connected);
        const bool elsewhere = helped && *helped != job;
        if (idle && reaches && !called && !elsewhere) helpers.push_back(worker);
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
