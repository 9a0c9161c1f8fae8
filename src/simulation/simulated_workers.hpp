// The workers of a simulated node: they fetch, train and upload in virtual time, keep their files, die, come back, and
// go on with leases that were given to others.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "node/workers/sick_list.hpp"
#include "node/workers/worker_hub.hpp"
#include "runtime/wakeup.hpp"
#include "simulation/simulated_services.hpp"

namespace emeth::simulation {

class SimulatedWorkers final : public node::WorkerHub {
public:
    SimulatedWorkers(asio::any_io_executor executor, std::size_t count, SimulatedStorage& storage, Clock& clock,
                     const Weather& weather, const Mortality& process, Violations& violations, Dice dice,
                     const Trace& trace);

    /// A second of their work, and of what befalls them.
    void tick();
    /// The master's process ended: its sessions are gone with it.
    void lose_master();
    void find_master() { master_is_up_ = true; }

    [[nodiscard]] bool is_honest(const JobId& job, const Hash256& artifact) const {
        return honest_.contains({job, artifact});
    }
    /// Whether the digest is that of the evidence that a worker has for this draw.
    [[nodiscard]] static Hash256 evidence_digest(const JobId& job, const Hash256& block_hash);
    /// Whether the disk is gone that held what could be shown.
    [[nodiscard]] bool has_lost(const JobId& job) const { return lost_.contains(job); }
    /// Whether somebody who is there, and is not sick, works for the JOB.
    [[nodiscard]] bool serves(const JobId& job) const;
    /// Seconds that the slowest worker needs for this much gas.
    [[nodiscard]] std::int64_t slowest_s(std::uint64_t gas) const;

    [[nodiscard]] std::vector<node::WorkerInfo> workers() const override;
    [[nodiscard]] std::size_t idle_workers() const override;
    Task<Address> reserve(JobId job, std::optional<Address> preferred) override;
    std::shared_ptr<node::WorkerInbox> adopt(JobId job, std::uint64_t lease, Address worker, node::Hold hold) override;
    void release(JobId job, bool forget, std::string reason) override;
    Task<> acknowledge(JobId job, std::uint64_t report_id) override;
    Task<> order(worker_protocol::Assign order) override;
    /// Helpers are nothing that a JOB's life could hang on.
    [[nodiscard]] std::size_t helpers_to_call(const JobId&, const trainer_protocol::Rendezvous&) const override {
        return 0;
    }
    Task<> order(worker_protocol::Join) override { co_return; }
    Task<> order(worker_protocol::Upload order) override;
    Task<> order(worker_protocol::Evidence order) override;
    void lease_failed(Address worker, bool counts) override;
    void lease_fulfilled(Address worker) override { sick_list_.lease_fulfilled(worker); }

private:
    struct Files {
        std::uint64_t lease = 0, bytes = 0;  ///< of the last order
        bool dataset = false;
        double step = 0;
        std::uint64_t checkpoint = 0, steps_total = 0;
        std::optional<statemachine::Artifact> artifact;
    };
    enum class Stage { download, train, idle };
    struct Work {
        JobId job;
        std::uint64_t lease = 0;
        Stage stage = Stage::idle;
        double seconds = 0;  ///< in this stage
        std::optional<worker_protocol::Upload> upload;
    };
    struct Worker {
        std::uint64_t power_capacity = 0;
        bool connected = false;
        bool sick = false;  ///< for all its life: it stays connected, and fails whatever it is ordered
        Milliseconds back_at{0};
        std::map<JobId, Files> files;
        std::optional<Work> work;
        std::map<std::uint64_t, worker_protocol::Report> unacknowledged;
    };
    struct Lease {
        std::uint64_t number = 0;
        Address worker;
        node::Hold hold = node::Hold::work;
        std::shared_ptr<node::WorkerInbox> inbox;  ///< set by adopt()
    };

    [[nodiscard]] bool is_idle(const Address& address) const;
    [[nodiscard]] Milliseconds rest_of(const Address& address) const {
        return sick_list_.rest_left(address, clock_.monotonic());
    }
    [[nodiscard]] Lease* standing(const Address& worker, const JobId& job, std::uint64_t lease);
    static void put(Lease& lease, worker_protocol::Report report);
    void report(const Address& address, const Work& work, worker_protocol::ReportBody body);
    void connect(const Address& address, Worker& worker);
    void disconnect(const Address& address, Worker& worker, const std::string& reason, Milliseconds away);
    void suffer(const Address& address, Worker& worker);
    void work(const Address& address, Worker& worker);
    void download(const Address& address, Work& work, Files& files);
    void train(const Address& address, Worker& worker, Work& work, Files& files);
    void finish(const Address& address, Work& work, Files& files);
    void upload(const Address& address, Work& work, const Files& files);

    asio::any_io_executor executor_;
    SimulatedStorage& storage_;
    Clock& clock_;
    const Weather& weather_;
    const Mortality& process_;
    Violations& violations_;
    Dice dice_;
    const Trace& trace_;
    Wakeup freed_;
    node::SickList sick_list_;
    bool master_is_up_ = false;
    std::map<Address, Worker> workers_;
    std::map<JobId, Lease> leases_;
    std::set<std::pair<JobId, Hash256>> honest_;
    std::set<std::pair<Address, JobId>> to_forget_;
    std::set<JobId> lost_;
    std::uint64_t last_report_ = 0;
};

}  // namespace emeth::simulation
