// Does the work of one JOB in its folder: dataset, training, parts of the artifact. Each step begins where an
// earlier run of it left off. Reports go into the report queue and may wait there, so training goes on while the
// master is away. Io thread only.
//
//     JobRunner runner(executor, context, held);
//     runner.assign(order);          // later runner.upload(order), at any time
//     group.start(runner.run());
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "http/part_upload.hpp"
#include "runtime/blocking_pool.hpp"
#include "runtime/clock.hpp"
#include "runtime/power_meter.hpp"
#include "runtime/random.hpp"
#include "runtime/wakeup.hpp"
#include "trainer_protocol/trainer_child.hpp"
#include "worker/job_folders.hpp"
#include "worker/report_queue.hpp"
#include "worker/self_test.hpp"
#include "worker/settings.hpp"
#include "worker/speed_meter.hpp"
#include "worker/stall_watch.hpp"

namespace emeth::worker {

/// What all runners share; it outlives them.
struct RunnerContext {
    const WorkerSettings& settings;
    JobFolders& folders;
    ReportQueue& reports;
    BlockingPool& pool;
    Clock& clock;
    Random& random;
    SelfTest& self_test;
    http::DoubtedEtags& doubted_etags;
};

class JobRunner {
public:
    /// `job` must outlive the runner; its lease may change meanwhile.
    JobRunner(const asio::any_io_executor& executor, RunnerContext context, HeldJob& job);

    /// Works until it is cancelled, and leaves no trainer running then. A failed step is reported, and retried when the
    /// master repeats its order; a trainer that dies is restarted without one.
    Task<> run();

    /// Takes a new or repeated order, with a fresh URL.
    void assign(worker_protocol::Assign order);
    /// Takes a new or repeated order to help; the JOB's record says already that this worker helps.
    void join(worker_protocol::Join order);
    /// Takes the parts to put; they replace those that are still waiting.
    void upload(worker_protocol::Upload order);

private:
    // dataset_fetch.cpp
    Task<Result<void>> fetch_dataset();
    Task<Result<void>> download_dataset();
    [[nodiscard]] Result<void> check_space() const;

    // training.cpp
    Task<Result<void>> train();
    Task<Result<void>> help();
    Task<Result<void>> run_trainer(std::string reason);
    [[nodiscard]] trainer_protocol::Request request_of_trainer() const;
    Task<Result<trainer_protocol::TrainerReport>> next_report(trainer_protocol::TrainerChild& child);
    Task<Result<void>> record_dataset_facts(trainer_protocol::Prepared facts);
    Task<Result<void>> record_artifact(trainer_protocol::Trained trained);
    void report_training(const trainer_protocol::TrainerReport& report, const std::string& reason);
    void note_speed();
    void note_power(const PowerMeter& power);

    // artifact_upload.cpp
    Task<> serve_uploads();
    Task<Result<void>> check_artifact();
    Task<> remake_artifact(Error reason);
    Task<> put_parts();
    Task<Result<std::string>> put_patiently(std::uint32_t part, std::string url);
    [[nodiscard]] bool order_fits() const;
    void abandon_upload(const Error& error);

    void report(worker_protocol::ReportBody body);
    void report_failure(const std::string& step, const Error& error, bool permanent, bool needs_order);
    void report_progress(worker_protocol::Progress progress);
    [[nodiscard]] std::filesystem::path folder() const;

    asio::any_io_executor executor_;
    RunnerContext context_;
    HeldJob& job_;
    Wakeup ordered_;

    std::string dataset_url_;                ///< empty: there is none, or it has been used
    bool assigned_ = false;                  ///< an order has come since the last step failed
    std::uint32_t failures_in_company_ = 0;  ///< of trainers that were training with helpers
    std::uint32_t workers_ = 1;              ///< training together, as the trainer last reported
    bool cooperative_ = false;               ///< the order allows helpers
    /// A helper meets its leader there; a leader's own trainer opened it.
    std::optional<trainer_protocol::Rendezvous> rendezvous_;
    std::optional<StallWatch> watch_;
    SpeedMeter speed_;
    worker_protocol::Upload upload_;  ///< the order, with the URLs of parts not yet begun
    std::optional<Error> upload_error_;
    bool artifact_checked_ = false;
    std::optional<Milliseconds> progress_told_at_;
};

}  // namespace emeth::worker
