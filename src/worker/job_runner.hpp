// Does the work of one JOB in its folder: dataset, training, parts of the artifact; each step begins where an earlier
// run of it left off. What it reports goes into the report queue and may wait there: a master that is away stops no
// training. Io thread only.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "runtime/blocking_pool.hpp"
#include "runtime/clock.hpp"
#include "runtime/random.hpp"
#include "runtime/wakeup.hpp"
#include "trainer_protocol/trainer_child.hpp"
#include "worker/job_folders.hpp"
#include "worker/report_queue.hpp"
#include "worker/settings.hpp"
#include "worker/stall_watch.hpp"

namespace emeth::worker {

/// What outlives every runner.
struct RunnerContext {
    const WorkerSettings& settings;
    JobFolders& folders;
    ReportQueue& reports;
    BlockingPool& pool;
    Clock& clock;
    Random& random;
};

class JobRunner {
public:
    /// `job` stays with its JobFolders for as long as the runner lives; its lease may change meanwhile.
    JobRunner(const asio::any_io_executor& executor, RunnerContext context, HeldJob& job);

    /// Works until it is cancelled; then the trainer is dead. A failed step is reported; it is done again when the
    /// master orders it again (a dead trainer is started again without being asked).
    Task<> run();

    /// The order came (again), with a fresh URL.
    void assign(worker_protocol::Assign order);
    /// The order to help came (again); the JOB's record says that this worker helps.
    void join(worker_protocol::Join order);
    /// Parts to put, instead of those that still wait.
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
    Task<Result<trainer_protocol::Report>> next_report(trainer_protocol::TrainerChild& child);
    Task<Result<void>> record_dataset_facts(trainer_protocol::Prepared facts);
    Task<Result<void>> record_artifact(trainer_protocol::Trained trained);
    void report_training(const trainer_protocol::Report& report, const std::string& reason);

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

    std::string dataset_url_;                ///< empty: none, or it was used up
    bool assigned_ = false;                  ///< an order came since the last step failed
    std::uint32_t failures_in_company_ = 0;  ///< of trainers that trained together with others
    std::uint32_t workers_ = 1;              ///< that trained together when the trainer said so last
    bool cooperative_ = false;               ///< the order lets helpers in
    std::optional<trainer_protocol::Rendezvous>
        rendezvous_;  ///< the leader's to meet; or, as leader, the trainer's own
    std::optional<StallWatch> watch_;
    worker_protocol::Upload upload_;  ///< the order, with the URLs of the parts that nobody puts yet
    std::optional<Error> upload_error_;
    bool artifact_checked_ = false;
    std::optional<Milliseconds> progress_told_at_;
};

}  // namespace emeth::worker
