// A worker: the session with its master, the one JOB it works on, and the evidence it delivers for earlier ones. Io
// thread only, as trainers are forked from it.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "crypto/private_key.hpp"
#include "runtime/task_group.hpp"
#include "worker/evidence_courier.hpp"
#include "worker/job_folders.hpp"
#include "worker/job_runner.hpp"
#include "worker/master_session.hpp"
#include "worker/report_queue.hpp"
#include "worker/self_test.hpp"
#include "worker/settings.hpp"

namespace emeth::worker {

class Worker : private OrderHandler {
public:
    /// All arguments must outlive the worker. The caller holds the lock of the data folder.
    Worker(const asio::any_io_executor& executor, const WorkerSettings& settings, const crypto::PrivateKey& key,
           BlockingPool& pool, Clock& clock, Random& random);

    /// Runs until it is cancelled, and leaves no trainer running then. An Error if the data folder cannot be used.
    Task<Result<void>> run();

private:
    struct Activity {
        JobId job;
        std::unique_ptr<JobRunner> runner;
    };

    [[nodiscard]] std::vector<worker_protocol::HeldLease> held() const override { return folders_.held(); }
    Task<> handle(worker_protocol::Assign order) override;
    Task<> handle(worker_protocol::Join order) override;
    Task<> handle(worker_protocol::Upload order) override;
    Task<> handle(worker_protocol::Evidence order) override;
    Task<> handle(worker_protocol::Stop order) override;
    Task<> handle(worker_protocol::Ack acknowledgement) override;

    /// The record of the ordered JOB, made durable under the order's lease: as its holder,
    /// or (`helping`) for its holder.
    Task<Result<HeldJob*>> take_lease(worker_protocol::Assign order, bool helping);
    void report_what_is_due(const HeldJob& job);
    /// The runner of `job`. Another JOB's runner is stopped first, as a worker works on one JOB at a time.
    Task<JobRunner*> runner_of(HeldJob& job);
    /// Starts the runner, which has its order by now, unless it is running.
    void keep_working();
    /// Stops all work on the JOB; returns once nothing touches its files.
    Task<> halt(JobId job);
    [[nodiscard]] HeldJob* held_under(const JobId& job, std::uint64_t lease, const std::string& step);
    Task<> work();

    asio::any_io_executor executor_;
    const WorkerSettings& settings_;
    JobFolders folders_;
    ReportQueue reports_;
    SelfTest self_test_;
    http::DoubtedEtags doubted_etags_;
    RunnerContext context_;
    EvidenceCourier evidence_;
    MasterSession session_;

    std::optional<Activity> activity_;
    TaskGroup work_;  // holds the activity's coroutine
    Wakeup activity_changed_;
    Wakeup activity_ended_;
};

}  // namespace emeth::worker
