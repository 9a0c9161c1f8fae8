// A hub whose workers need no machine: each order is answered by the reports that a real worker would send, and what is
// not acknowledged is sent again. Who gets which worker is decided by the real Reservations.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "node/workers/reservations.hpp"
#include "node/workers/worker_hub.hpp"

namespace emeth::test {

class FakeHub final : public node::WorkerHub {
public:
    /// Of a master that has looked through its JOBs and found none.
    FakeHub(asio::any_io_executor executor, Clock& clock);

    // What the test does to the workers.
    void add_worker(Address address, std::uint64_t power_capacity = 27'300);
    void disconnect(Address worker, const std::string& reason);
    void connect(Address worker);
    /// The master's process ends: reservations and inboxes are gone. The workers stay, with what was not acknowledged,
    /// and connect to the next process.
    void restart_master();
    /// The next process has adopted its leases.
    void set_recovered(const std::vector<JobId>& active) { reservations_->set_recovered(active); }
    /// As if the worker of the JOB's lease sent it.
    void send(JobId job, worker_protocol::ReportBody body);

    /// The reports that follow an Assign; a test may take some away.
    std::vector<worker_protocol::ReportBody> script;
    std::string etag = "\"etag\"";
    bool answers_uploads = true;
    statemachine::WorkerFile evidence;  ///< what is packed; a test may leave it empty: nothing is then
    std::set<Address> sick;             ///< these answer every order by a failure, and stay connected
    worker_protocol::StepFailed failure_of_sick{"download", false, "3 MiB are free", true};

    // What the pipeline did.
    std::map<JobId, std::shared_ptr<node::WorkerInbox>> inboxes;  ///< as adopt() last gave them
    int assignments = 0, uploads = 0, releases = 0;
    std::set<JobId> forgotten;
    std::vector<worker_protocol::Upload> upload_orders;
    std::vector<worker_protocol::Evidence> evidence_orders;
    std::vector<worker_protocol::Join> calls_for_help;
    std::size_t callable_helpers = 0;  ///< as the test says

    [[nodiscard]] std::vector<node::WorkerInfo> workers() const override { return reservations_->workers(); }
    [[nodiscard]] std::size_t idle_workers() const override { return reservations_->idle_workers(); }
    Task<Address> reserve(JobId job, node::WorkerWish wish) override {
        return reservations_->reserve(job, std::move(wish));
    }
    std::shared_ptr<node::WorkerInbox> adopt(JobId job, std::uint64_t lease, Address worker, node::Hold hold) override;
    void release(JobId job, bool forget, std::string reason) override;
    void set_team(const JobId& job, std::uint32_t workers) override { reservations_->set_team(job, workers); }
    Task<> acknowledge(JobId job, std::uint64_t report_id) override;
    Task<> order(worker_protocol::Assign order) override;
    [[nodiscard]] std::size_t helpers_to_call(const JobId&, const trainer_protocol::Rendezvous&) const override {
        return callable_helpers;
    }
    Task<> order(worker_protocol::Join order) override;
    Task<> order(worker_protocol::Upload order) override;
    Task<> order(worker_protocol::Evidence order) override;
    void lease_failed(Address worker, bool counts) override {
        reservations_->book().lease_failed(worker, counts, clock_.monotonic());
    }
    void called_hopeless(const Address& worker) override {
        reservations_->book().called_hopeless(worker, clock_.monotonic());
    }
    void lease_fulfilled(Address worker) override { reservations_->book().lease_fulfilled(worker); }

private:
    struct Worker {
        std::uint64_t power_capacity = 0;
        std::map<JobId, std::uint64_t> assigned{};  ///< the newest lease of each JOB that it was ordered to train
        std::map<std::uint64_t, worker_protocol::Report> unacknowledged{};
        std::deque<worker_protocol::Report> to_send{};  ///< waits for space in the inbox, as at a connection
    };

    void start_master();
    void greet(const Address& worker);
    void stop(Worker& worker, const worker_protocol::Stop& order);
    void report(const Address& worker, JobId job, std::uint64_t lease, worker_protocol::ReportBody body);
    void repeat_unacknowledged(const Address& worker);
    void send_reports(const Address& worker);

    asio::any_io_executor executor_;
    Clock& clock_;
    std::map<Address, Worker> workers_;
    std::optional<node::Reservations> reservations_;  ///< of the master's present process
    std::uint64_t last_report_ = 0;
};

}  // namespace emeth::test
