#include "simulation/simulated_workers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "chain/gas.hpp"
#include "node/pipeline/lease_watch.hpp"
#include "trainer_protocol/presets.hpp"

namespace emeth::simulation {
namespace {

namespace wp = worker_protocol;
using Standing = node::ReservationBook::Standing;

/// Each second, while the weather is not fine.
constexpr double death_rate = 0.001, cut_rate = 0.0006;
/// Of what a worker that connects still holds under a lease that is over.
constexpr double late_report_share = 0.3;
/// Of the lives with several workers.
constexpr double sick_share = 0.3;
/// Of the sick ones.
constexpr double idle_share = 0.3;
/// Of the lives with several workers, and of the times that a worker connects without having tried itself out before.
constexpr double unfit_share = 0.2, slow_proof_share = 0.3;

worker_protocol::Fitness fitness_of(bool is_unfit) {
    wp::Fitness fitness;
    fitness.disk_free_bytes = fitness.states_free_bytes = std::uint64_t{1} << 42;
    if (is_unfit)
        fitness.unfit = "cannot start emeth-trainer: No such file or directory";
    else
        for (const auto& preset : trainer_protocol::presets()) fitness.tokens_per_s[std::string(preset.name)] = 10'000;
    return fitness;
}

std::string short_name(const Address& address) {
    return address.hex().substr(0, 8);
}

}  // namespace

SimulatedWorkers::SimulatedWorkers(WorkersWorld world, std::size_t count, Dice dice)
    : world_(std::move(world)), dice_(dice) {
    using Health = SimulatedWorker::Health;
    Health first = Health::well;
    if (count > 1 && dice_.chance(sick_share)) first = dice_.chance(idle_share) ? Health::idle : Health::sick;
    for (std::size_t number = 0; number < count; ++number) {
        const auto address = numbered<Address>(100 + number);
        const auto power_capacity = static_cast<std::uint64_t>(dice_.between(80'000, 250'000));
        stations_.try_emplace(address,
                              Station{SimulatedWorker(address, power_capacity, number == 0 ? first : Health::well,
                                                      world_.storage, world_.weather, results_, dice_.split())});
    }
    if (count > 1 && first == Health::well) stations_.rbegin()->second.is_unfit = dice_.chance(unfit_share);
    start_book();
}

void SimulatedWorkers::let_one_deny() {
    if (stations_.size() > 1 && all_are_well())
        stations_.begin()->second.machine.set_health(SimulatedWorker::Health::denying);
}

bool SimulatedWorkers::all_are_well() const {
    return std::all_of(stations_.begin(), stations_.end(),
                       [](const auto& entry) { return entry.second.machine.is_well() && !entry.second.is_unfit; });
}

void SimulatedWorkers::start_book() {
    inboxes_.clear();
    reservations_.emplace(world_.executor, world_.clock, [this](const Address& worker, const wp::Stop& order) {
        if (!world_.process.dead) stations_.at(worker).machine.stop(order);
    });
}

std::int64_t SimulatedWorkers::slowest_s(std::uint64_t gas) const {
    std::int64_t longest = 0;
    for (const auto& [address, station] : stations_)
        longest = std::max(longest, chain::finish_estimate_s(gas, station.machine.power_capacity(), 2));
    return longest;
}

/// Two looks of the master, and its margin, on top of the patience.
std::int64_t SimulatedWorkers::idling_s() const {
    constexpr std::int64_t looks_and_margin_s = 900;
    for (const auto& [address, station] : stations_)
        if (station.machine.is_idle()) return node::LeaseWatch::patience_usual.count() / 3'000 + looks_and_margin_s;
    return 0;
}

bool SimulatedWorkers::serves(const JobId& job) const {
    const auto holder = reservations_->book().holder(job);
    return holder && stations_.at(*holder).machine.is_well();
}

bool SimulatedWorkers::any_is_free() const {
    return std::ranges::any_of(workers(), [&](const node::WorkerInfo& worker) {
        return node::is_idle(worker) && stations_.at(worker.address).machine.is_well();
    });
}

/// On connecting, a report may arrive that was in flight when its lease went to another worker; then unacknowledged
/// reports are resent.
void SimulatedWorkers::connect(const Address& address, Station& station) {
    SimulatedWorker& machine = station.machine;
    const auto held = machine.held();
    reservations_->connect(address, {machine.power_capacity(), "10.0.0.1", held, std::nullopt});
    station.has_proved = false;
    const bool slowly = dice_.chance(slow_proof_share);
    station.proves_at = world_.clock.monotonic() + Milliseconds(slowly ? dice_.between(1'000, 60'000) : 0);
    for (const auto& [job, lease] : held) {
        const bool is_over = reservations_->book().standing(address, job, lease) == Standing::over;
        if (!is_over || world_.weather.fine || !dice_.chance(late_report_share)) continue;
        const wp::Report late{0, job, lease, wp::TrainingStarted{1, "under a lease that is over"}};
        reservations_->offer(address, late);
        // The hub refuses it; should it ever slip through, the JOB's own pipeline must as well.
        if (const auto inbox = inboxes_.find(job); inbox != inboxes_.end()) inbox->second->offer(late);
    }
    for (const wp::Report& report : machine.unacknowledged()) reservations_->offer(address, report);
}

void SimulatedWorkers::disconnect(const Address& address, Station& station, const std::string& reason,
                                  Milliseconds away) {
    station.back_at = world_.clock.monotonic() + away;
    if (is_connected(address)) reservations_->disconnect(address, reason);
}

void SimulatedWorkers::lose_master() {
    master_is_up_ = false;
    start_book();
    for (auto& [address, station] : stations_)
        station.back_at = world_.clock.monotonic() + Milliseconds(dice_.between(500, 8'000));
}

void SimulatedWorkers::tick() {
    for (auto& [address, station] : stations_) {
        if (!world_.weather.fine) suffer(address, station);
        station.machine.work();
        pass_on_reports(address, station.machine);
        if (master_is_up_ && !is_connected(address) && world_.clock.monotonic() >= station.back_at)
            connect(address, station);
        prove(address, station);
    }
}

void SimulatedWorkers::prove(const Address& address, Station& station) {
    if (station.has_proved || !is_connected(address) || world_.clock.monotonic() < station.proves_at) return;
    station.has_proved = true;
    reservations_->set_fitness(address, fitness_of(station.is_unfit));
}

void SimulatedWorkers::suffer(const Address& address, Station& station) {
    if (dice_.chance(death_rate)) {
        station.machine.die();
        disconnect(address, station, "the worker died", Milliseconds(dice_.between(3'000, 150'000)));
        if (world_.trace) world_.trace(fmt::format("worker {} dies", short_name(address)));
    } else if (dice_.chance(cut_rate)) {
        disconnect(address, station, "the connection is cut", Milliseconds(dice_.between(1'000, 150'000)));
        if (world_.trace) world_.trace(fmt::format("worker {} is cut off", short_name(address)));
    }
}

/// The worker keeps and resends reports that do not reach the master; progress is dropped.
void SimulatedWorkers::pass_on_reports(const Address& address, SimulatedWorker& machine) {
    for (wp::Report& report : machine.take_reports())
        if (is_connected(address)) reservations_->offer(address, std::move(report));
}

void SimulatedWorkers::lease_failed(Address worker, bool counts) {
    const auto rest = reservations_->book().lease_failed(worker, counts, world_.clock.monotonic());
    if (world_.trace)
        world_.trace(fmt::format("worker {} is to rest for {} s", short_name(worker), rest.count() / 1'000));
}

Task<Address> SimulatedWorkers::reserve(JobId job, node::WorkerWish wish) {
    world_.process.check();
    const Address worker = co_await reservations_->reserve(job, std::move(wish));
    world_.process.check();
    const Station& station = stations_.at(worker);
    if (station.is_unfit || !station.has_proved)
        world_.violations.add(fmt::format("worker {} gets a JOB without having proved itself", short_name(worker)));
    co_return worker;
}

std::shared_ptr<node::WorkerInbox> SimulatedWorkers::adopt(JobId job, std::uint64_t lease, Address worker,
                                                           node::Hold hold) {
    world_.process.check();
    auto inbox = reservations_->adopt(job, lease, worker, hold);
    const auto leases = reservations_->book().leases_of(worker);
    const auto works =
        std::count_if(leases.begin(), leases.end(), [](const auto& entry) { return entry.hold == node::Hold::work; });
    inboxes_[job] = inbox;
    if (works > 1) world_.violations.add(fmt::format("worker {} is leased to two JOBs", short_name(worker)));
    return inbox;
}

void SimulatedWorkers::release(JobId job, bool forget, std::string reason) {
    world_.process.check();
    reservations_->release(job, forget, reason);
}

Task<> SimulatedWorkers::acknowledge(JobId job, std::uint64_t report_id) {
    world_.process.check();
    if (const auto holder = reservations_->book().holder(job)) stations_.at(*holder).machine.acknowledge(report_id);
    co_return;
}

template <class Order>
void SimulatedWorkers::send_to_holder(Order order) {
    world_.process.check();
    const auto holder = reservations_->book().holder(order.job, order.lease);
    if (!holder) return;
    SimulatedWorker& machine = stations_.at(*holder).machine;
    machine.order(std::move(order));
    pass_on_reports(*holder, machine);
}

Task<> SimulatedWorkers::order(wp::Assign order) {
    world_.process.check();
    reservations_->book().note_files(order.job, order.lease);
    send_to_holder(std::move(order));
    co_return;
}

Task<> SimulatedWorkers::order(wp::Upload order) {
    send_to_holder(std::move(order));
    co_return;
}

Task<> SimulatedWorkers::order(wp::Evidence order) {
    world_.process.check();
    reservations_->book().note_files(order.job, order.lease);
    send_to_holder(std::move(order));
    co_return;
}

}  // namespace emeth::simulation
