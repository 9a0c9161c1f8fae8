// The workers of a simulated node and its hub: machines that connect, are cut off, die and come back, served by the
// real Reservations. They go on with leases that were given to others until they are told to stop.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "node/workers/reservations.hpp"
#include "node/workers/worker_hub.hpp"
#include "simulation/simulated_worker.hpp"

namespace emeth::simulation {

/// All of it outlives the workers.
struct WorkersWorld {
    asio::any_io_executor executor;
    SimulatedStorage& storage;
    Clock& clock;
    const Weather& weather;
    const Mortality& process;
    Violations& violations;
    const Trace& trace;
};

class SimulatedWorkers final : public node::WorkerHub {
public:
    SimulatedWorkers(WorkersWorld world, std::size_t count, Dice dice);

    /// One of several workers calls every JOB hopeless from now on, unless another one is odd already.
    void let_one_deny();
    /// Whether all of them do what they are ordered, and none is unfit.
    [[nodiscard]] bool all_are_well() const;
    /// Simulates one second: the workers' progress, and their faults.
    void tick();
    /// The master's process ended: its sessions and reservations are gone with it.
    void lose_master();
    void find_master() { master_is_up_ = true; }
    /// The master's process has adopted its leases; see ReservationBook::set_recovered().
    void set_recovered(const std::vector<JobId>& active) { reservations_->set_recovered(active); }

    [[nodiscard]] bool is_honest(const JobId& job, const Hash256& artifact) const {
        return results_.honest.contains({job, artifact});
    }
    /// Whether the disk that held the JOB's evidence is lost.
    [[nodiscard]] bool has_lost(const JobId& job) const { return results_.lost.contains(job); }
    /// Whether a connected worker that is not sick is working on the JOB.
    [[nodiscard]] bool serves(const JobId& job) const;
    /// Whether a worker that does what it is ordered is idle.
    [[nodiscard]] bool any_is_free() const;
    /// How long one of the workers may hold a JOB by saying that it works (LeaseWatch), since the master's last start.
    [[nodiscard]] std::int64_t idling_s() const;
    /// Seconds that the slowest worker needs for this much gas.
    [[nodiscard]] std::int64_t slowest_s(std::uint64_t gas) const;

    [[nodiscard]] std::vector<node::WorkerInfo> workers() const override { return reservations_->workers(); }
    [[nodiscard]] std::size_t idle_workers() const override { return reservations_->idle_workers(); }
    Task<Address> reserve(JobId job, node::WorkerWish wish) override;
    std::shared_ptr<node::WorkerInbox> adopt(JobId job, std::uint64_t lease, Address worker, node::Hold hold) override;
    void release(JobId job, bool forget, std::string reason) override;
    void set_team(const JobId& job, std::uint32_t workers) override { reservations_->set_team(job, workers); }
    Task<> acknowledge(JobId job, std::uint64_t report_id) override;
    Task<> order(worker_protocol::Assign order) override;
    /// A JOB's life does not depend on helpers.
    [[nodiscard]] std::size_t helpers_to_call(const JobId&, const trainer_protocol::Rendezvous&) const override {
        return 0;
    }
    Task<> order(worker_protocol::Join) override { co_return; }
    Task<> order(worker_protocol::Upload order) override;
    Task<> order(worker_protocol::Evidence order) override;
    void lease_failed(Address worker, bool counts) override;
    void called_hopeless(const Address& worker) override {
        reservations_->book().called_hopeless(worker, world_.clock.monotonic());
    }
    void lease_fulfilled(Address worker) override { reservations_->book().lease_fulfilled(worker); }

private:
    struct Station {
        SimulatedWorker machine;
        Milliseconds back_at{0};    ///< when it connects, unless it is connected
        bool is_unfit = false;      ///< for its whole life: its trainer does not start
        Milliseconds proves_at{0};  ///< when it has tried itself out, after it has connected
        bool has_proved = false;    ///< to the master, in this connection
    };

    void start_book();
    [[nodiscard]] bool is_connected(const Address& address) const {
        return reservations_->book().is_connected(address);
    }
    void connect(const Address& address, Station& station);
    void disconnect(const Address& address, Station& station, const std::string& reason, Milliseconds away);
    void suffer(const Address& address, Station& station);
    void prove(const Address& address, Station& station);
    void pass_on_reports(const Address& address, SimulatedWorker& machine);
    template <class Order>
    void send_to_holder(Order order);

    WorkersWorld world_;
    Dice dice_;
    Results results_;
    bool master_is_up_ = false;
    std::map<Address, Station> stations_;
    std::optional<node::Reservations> reservations_;               ///< of the master's present process
    std::map<JobId, std::shared_ptr<node::WorkerInbox>> inboxes_;  ///< as adopt() last gave them to that process
};

}  // namespace emeth::simulation
