// One JOB from its discovery to its end: load → next command → work → commit → repeat. Recovery is the same loop, begun
// later. Io thread only.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "node/pipeline/job_journal.hpp"
#include "node/pipeline/ports.hpp"
#include "node/pipeline/worker_link.hpp"
#include "runtime/crash_marker.hpp"
#include "runtime/wakeup.hpp"
#include "statemachine/transition.hpp"

namespace emeth::node {

class Pipeline {
public:
    /// `job` is the newest committed record of an active JOB.
    Pipeline(asio::any_io_executor executor, PipelinePorts ports, PipelineSettings settings, statemachine::Job job);

    /// Drives the JOB until it ends. `restart_reason` is not empty when an earlier process began it. Every failure is
    /// retried; an exception other than operation_aborted (cancelled: the JOB goes on at the next start) is a bug.
    Task<> run(std::string restart_reason);

    /// What run() has to run on: a crash in there is told to be of this JOB.
    [[nodiscard]] const asio::any_io_executor& executor() const { return executor_; }

    /// As of the last commit.
    [[nodiscard]] const statemachine::Job& job() const { return journal_.job(); }

    /// Whether a worker holds a lease that the JOB still needs: with the upload complete or a decline decided it needs
    /// none, until evidence is to be shown.
    [[nodiscard]] bool needs_its_lease() const;
    /// Tells the hub who holds the lease. Called at start, before any worker is handed out; later the pipeline does it.
    void adopt_lease();

    /// The operator wants to give the JOB back: it is decided as soon as the JOB's state allows it. Error when it is
    /// too late.
    Result<void> request_decline(std::string reason);

private:
    using Fact = statemachine::EventBody;

    // pipeline.cpp: the loop
    Task<> sit_out_crashes();
    Task<> drive(std::string restart_reason);
    Task<> take_up_again(std::string reason);
    Task<Result<void>> advance(statemachine::Command command);
    Task<Result<void>> perform(statemachine::Command command);
    Task<> wait_for_retry();
    [[nodiscard]] Milliseconds longest_retry_wait() const;
    Task<> note_failure(statemachine::Command command, Error error);
    Task<> give_store_time(Error error);

    // interruption.cpp: facts that may end the work in hand
    [[nodiscard]] std::optional<Fact> pending_interruption() const;
    Task<> wait_for_interruption();
    Task<Result<void>> commit_interruption(Fact fact);

    // chain_watch.cpp: how the chain ends or takes back what was confirmed
    Task<> watch_chain();
    Task<Result<std::optional<Fact>>> look_at_chain();
    Task<Result<std::optional<Fact>>> end_of(chain::StatusLog log);
    Task<Result<std::optional<Fact>>> find_reorganisation(std::vector<chain::StatusLog> logs);
    [[nodiscard]] std::optional<Fact> find_draw(const std::vector<chain::StatusLog>& logs, std::uint64_t head) const;
    Task<Result<bool>> is_on_chain(statemachine::TxRef tx, std::vector<chain::StatusLog> logs);

    // finish_outlook.cpp: the way out when the deadline is out of reach
    Task<> watch_outlook();

    // transactions.cpp: how this JOB's transactions end
    struct Ending {
        bool succeeded = false;
        bool proven =
            true;  ///< by a receipt or a log; else its nonce is used and the endpoint knows no such transaction
        statemachine::TxRef tx;    ///< the variant that was mined, and its block; as it was told when none was
        std::string reason;        ///< why it did not succeed
        storage::SideWrites side;  ///< its outbox entries, marked
    };
    [[nodiscard]] chain::Intent intent(storage::TxKind kind, chain::Bytes data) const;
    Task<Result<Ending>> await_ending(statemachine::TxRef tx, std::vector<statemachine::TxRef> companions);
    Task<Result<Ending>> ending_from_logs(statemachine::TxRef tx, std::string otherwise);
    Task<Result<storage::SideWrites>> settled(std::vector<statemachine::TxRef> transactions);

    // discovered.cpp
    Task<Result<void>> send_process();
    Task<Result<std::optional<Fact>>> end_before_deposit(chain::JobRecord record);
    Task<Result<std::optional<Fact>>> own_process(chain::JobRecord record);
    Task<Result<void>> check_disproof(Ending ending);
    Task<Result<void>> commit_deposit_signed(std::vector<storage::OutboxEntry> entries);
    Task<Result<void>> await_process();

    // accepted.cpp
    Task<Result<void>> lease_worker();
    void release_worker(bool forget, std::string reason);

    // another_worker.cpp: when the lease goes to another
    [[nodiscard]] bool holder_fails() const;
    void judge_holder();
    Task<bool> is_for_another_worker();
    Task<Result<bool>> fits_from_the_beginning(std::uint64_t power_capacity);

    // worker_news.cpp: what every step with a worker shares
    Task<Result<void>> lead_worker(statemachine::Command command);
    Task<> accompany_worker();
    Task<> pump_news();
    Task<std::optional<WorkerNews>> next_news();
    Task<> wait_for_news();
    [[nodiscard]] bool grace_is_over() const;
    [[nodiscard]] bool has_order(statemachine::Command command) const;
    Task<Result<void>> end_grace();
    Task<Result<void>> give_order(statemachine::Command command);
    Task<Result<void>> handle_news(WorkerNews news);
    Task<Result<void>> handle_connection(bool connected, std::string reason);
    Task<Result<void>> handle_report(WorkerNews news);
    Task<Result<void>> note(Fact fact);
    Task<Result<void>> take(worker_protocol::Progress progress);
    Task<> call_helpers();
    Task<Result<void>> take(worker_protocol::StepFailed failed);
    Task<Result<void>> revoke_lease(std::string reason, bool forget);

    // downloading.cpp, training.cpp
    Task<Result<worker_protocol::Assign>> assignment();
    Task<Result<void>> order_assignment();
    Task<Result<void>> take(worker_protocol::DatasetReady ready);
    Task<Result<void>> take(worker_protocol::TrainingStarted started);
    Task<Result<void>> take(worker_protocol::CheckpointSaved saved);
    Task<Result<void>> take(worker_protocol::Trained trained);

    // upload.cpp
    Task<Result<void>> open_upload();
    Task<Result<void>> order_upload();
    [[nodiscard]] std::map<std::uint32_t, std::string> next_urls() const;
    Task<Result<void>> take(worker_protocol::PartUploaded part);
    Task<Result<void>> complete_upload();
    Task<Result<void>> check_upload();
    Task<Result<void>> abort_upload(std::string reason);
    /// What the JOB's state is to upload: the artifact, in `submitted` the evidence.
    struct UploadSubject {
        statemachine::WorkerFile file;
        std::string extension;
        std::string_view open, complete;  ///< names of the effects
        std::string_view done;            ///< the sentence when it is over
    };
    [[nodiscard]] UploadSubject upload_subject() const;

    // evidence.cpp
    Task<Result<void>> order_evidence();
    Task<Result<void>> take(worker_protocol::EvidencePacked packed);
    void forget_draw();

    // submission.cpp
    Task<Result<void>> send_submit();
    Task<Result<void>> commit_submit_signed(std::vector<storage::OutboxEntry> entries);
    Task<Result<void>> await_submit();
    Task<Result<void>> await_chain();

    // declining.cpp
    Task<Result<void>> send_decline();
    Task<Result<void>> commit_decline_signed(std::vector<storage::OutboxEntry> entries);
    Task<Result<void>> take_over_decline(chain::StatusLog log);
    Task<Result<void>> await_decline();

    // ended.cpp
    void clean_up();

    [[nodiscard]] const JobId& id() const { return job().terms.id; }
    [[nodiscard]] const Address& self() const { return ports_.sender.address(); }

    std::shared_ptr<crash::Work> work_;
    asio::any_io_executor executor_;
    PipelinePorts ports_;
    PipelineSettings settings_;
    JobJournal journal_;
    WorkerLink link_;
    Wakeup interrupted_;
    std::optional<std::string> decline_request_;
    std::optional<Fact> chain_fact_;
    std::optional<std::int64_t>
        time_left_s_;  ///< to the deadline, in chain time as last seen; while a deposit is locked
    std::uint32_t store_failures_ = 0;
    std::uint32_t process_reverts_ = 0;
    std::uint32_t failed_leases_ = 0;
};

}  // namespace emeth::node
