// One JOB from its discovery to its end: load → next command → work → commit → repeat. Recovery is the same loop,
// entered later. Io thread only.
//
// The room node/pipeline holds this loop and the pieces that do its work, each with its own state: the deposit, the
// leased worker (its orders, and whether another worker takes over), the upload, the submission, the decline, and the
// watches that run alongside (the chain, the deadline). A piece decides in plain functions, takes only the ports that
// it needs, and commits through the JOB's single journal. The ports of chain, storage, market and workers may enter,
// and the Storage API as api_client::ArtifactStore; nothing from money/, core/ or admin/, no HTTP of its own, no files.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "node/pipeline/chain_watch.hpp"
#include "node/pipeline/decline.hpp"
#include "node/pipeline/deposit.hpp"
#include "node/pipeline/finish_outlook.hpp"
#include "node/pipeline/helper_calls.hpp"
#include "node/pipeline/interruptions.hpp"
#include "node/pipeline/job_journal.hpp"
#include "node/pipeline/job_transactions.hpp"
#include "node/pipeline/leased_worker.hpp"
#include "node/pipeline/ports.hpp"
#include "node/pipeline/retry_wait.hpp"
#include "node/pipeline/submission.hpp"
#include "node/pipeline/takeover.hpp"
#include "node/pipeline/upload.hpp"
#include "node/pipeline/worker_orders.hpp"
#include "runtime/crash_marker.hpp"
#include "statemachine/command.hpp"

namespace emeth::node {

class Pipeline {
public:
    /// `job` is the newest committed record of an active JOB.
    Pipeline(asio::any_io_executor executor, PipelinePorts ports, PipelineSettings settings, statemachine::Job job);

    /// Drives the JOB until it ends. `restart_reason` is non-empty if an earlier process began the JOB. Every failure
    /// is retried; an exception other than operation_aborted (cancelled: the JOB continues at the next start) is a bug.
    Task<> run(std::string restart_reason);

    /// The executor that run() must run on, so that a crash in there is attributed to this JOB.
    [[nodiscard]] const asio::any_io_executor& executor() const { return executor_; }

    /// As of the last commit.
    [[nodiscard]] const statemachine::Job& job() const { return journal_.job(); }

    /// Tells the hub who holds the lease. Called at start, before any worker is handed out, if the JOB still needs its
    /// lease (statemachine::needs_its_lease); later on the pipeline does it itself.
    void adopt_lease() { worker_.adopt(); }

    /// The operator wants to give the JOB back. Decided as soon as the JOB's state allows it. Error
    /// when it is too late.
    Result<void> request_decline(std::string reason) { return interruptions_.request_decline(std::move(reason)); }

    /// The operator wants the failed step to be tried now. Error: the JOB waits for no retry.
    Result<void> retry_now() { return retry_.waive(); }
    /// It is not waiting any more, whatever its record says.
    [[nodiscard]] bool retries_now() const { return retry_.is_waived(); }

private:
    struct Step;
    static const Step& step_of(statemachine::Command command);

    Task<> sit_out_crashes();
    Task<> wait_for_retry();
    Task<> drive(std::string restart_reason);
    Task<> take_up_again(std::string reason);
    Task<Result<void>> advance(statemachine::Command command);
    Task<Result<void>> commit_interruption(Fact fact);
    Task<Result<void>> commit_takeover(statemachine::LeaseRevoked revoked);
    Task<> note_failure(statemachine::Command command, Error error);

    // Steps that involve more than one piece.
    Task<Result<void>> lead_worker(statemachine::Command command);
    Task<Result<void>> complete_upload();
    Task<Result<void>> await_chain();
    void clean_up();

    std::shared_ptr<crash::Work> work_;
    asio::any_io_executor executor_;
    PipelinePorts ports_;
    bool cooperative_;
    JobJournal journal_;
    Interruptions interruptions_;
    RetryWait retry_;
    JobTransactions transactions_;
    Deposit deposit_;
    Submission submission_;
    Decline decline_;
    Upload upload_;
    WorkerOrders orders_;
    HelperCalls helpers_;
    Takeover takeover_;
    LeasedWorker worker_;
    ChainWatch chain_watch_;
    FinishOutlook outlook_;
};

}  // namespace emeth::node
