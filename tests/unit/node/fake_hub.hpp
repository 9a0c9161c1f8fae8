// Workers that need no machine: each order is answered by the reports that a real worker would send, and what is not
// acknowledged is sent again.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "node/workers/sick_list.hpp"
#include "node/workers/worker_hub.hpp"
#include "runtime/wakeup.hpp"

namespace emeth::test {

class FakeHub final : public node::WorkerHub {
public:
    FakeHub(asio::any_io_executor executor, Clock& clock)
        : executor_(std::move(executor)), clock_(clock), freed_(executor_) {}

    // What the test does to the workers.
    void add_worker(Address address, std::uint64_t power_capacity = 27'300);
    void disconnect(Address worker, const std::string& reason);
    void connect(Address worker);
    /// The master's process ends: reservations and inboxes are gone, the workers and what they have not had
    /// acknowledged stay.
    void restart_master();
    /// As if the worker of the JOB's lease sent it.
    void send(JobId job, worker_protocol::ReportBody body);

    /// The reports that follow an Assign; a test may take some away.
    std::vector<worker_protocol::ReportBody> script;
    std::string etag = "\"etag\"";
    bool answers_uploads = true;
    statemachine::WorkerFile evidence;  ///< what is packed; a test may leave it empty: nothing is then
    std::set<Address> sick;             ///< these answer every order by a failure, and stay connected

    // What the pipeline did.
    int assignments = 0, uploads = 0, releases = 0;
    std::set<JobId> forgotten;
    std::vector<worker_protocol::Upload> upload_orders;
    std::vector<worker_protocol::Evidence> evidence_orders;
    std::vector<worker_protocol::Join> calls_for_help;
    std::size_t callable_helpers = 0;  ///< as the test says

    [[nodiscard]] std::vector<node::WorkerInfo> workers() const override;
    [[nodiscard]] std::size_t idle_workers() const override;
    Task<Address> reserve(JobId job, std::optional<Address> preferred) override;
    std::shared_ptr<node::WorkerInbox> adopt(JobId job, std::uint64_t lease, Address worker, node::Hold hold) override;
    void release(JobId job, bool forget, std::string reason) override;
    Task<> acknowledge(JobId job, std::uint64_t report_id) override;
    Task<> order(worker_protocol::Assign order) override;
    [[nodiscard]] std::size_t helpers_to_call(const JobId&, const trainer_protocol::Rendezvous&) const override {
        return callable_helpers;
    }
    Task<> order(worker_protocol::Join order) override;
    Task<> order(worker_protocol::Upload order) override;
    Task<> order(worker_protocol::Evidence order) override;
    void lease_failed(Address worker, bool counts) override {
        sick_list_.lease_failed(worker, counts, clock_.monotonic());
    }
    void lease_fulfilled(Address worker) override { sick_list_.lease_fulfilled(worker); }

private:
    struct Worker {
        std::uint64_t power_capacity = 0;
        bool connected = true;
        std::map<std::uint64_t, worker_protocol::Report> unacknowledged;
        std::set<std::pair<JobId, std::uint64_t>> assigned;
    };
    struct Lease {
        std::uint64_t number = 0;
        Address worker;
        node::Hold hold = node::Hold::work;
        std::shared_ptr<node::WorkerInbox> inbox;  ///< set by adopt()
    };

    [[nodiscard]] bool is_idle(const Address& worker) const;
    [[nodiscard]] Milliseconds rest_of(const Address& worker) const {
        return sick_list_.rest_left(worker, clock_.monotonic());
    }
    void put(Lease& lease, worker_protocol::Report report);
    void report(const Address& worker, JobId job, std::uint64_t lease, worker_protocol::ReportBody body);
    void repeat_unacknowledged(const Address& worker);

    asio::any_io_executor executor_;
    Clock& clock_;
    node::SickList sick_list_;
    Wakeup freed_;
    std::map<Address, Worker> workers_;
    std::map<JobId, Lease> leases_;
    std::uint64_t last_report_ = 0;
};

}  // namespace emeth::test
