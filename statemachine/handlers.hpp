// The handlers that the table in transition.cpp names. Each applies one event to a draft of the record, or says why the
// event cannot follow that record; it never touches `state`, which the table decides. Internal to statemachine/.
#pragma once

#include <string>

#include "statemachine/rules.hpp"

namespace emeth::statemachine {

// deposit.cpp: approve and process, and the ends before a deposit
Check sign_deposit(Job& draft, const DepositSigned& event);
Step confirm_deposit(Job& draft, const ProcessConfirmed& event);
Check drop_deposit(Job& draft, const ProcessReverted& event);
Check lose_job(Job& draft, const LostToOtherNode& event);
Check cancel_job(Job& draft, const CanceledByRequester& event);
Check skip_job(Job& draft, const BecameInfeasible& event);
Step fail_before_deposit(Job& draft, const StepFailed& event);

// work.cpp: leases, dataset, training
Check grant_lease(Job& draft, const LeaseGranted& event);
Check revoke_lease(Job& draft, const LeaseRevoked& event);
Check note_lost_worker(Job& draft, const WorkerLost& event);
Check accept_dataset(Job& draft, const DatasetReady& event);
Check save_checkpoint(Job& draft, const CheckpointSaved& event);
Check resume_training(Job& draft, const TrainingResumed& event);
Check finish_training(Job& draft, const TrainingFinished& event);

// upload.cpp
Check open_upload(Job& draft, const UploadOpened& event);
Check put_part(Job& draft, const PartUploaded& event);
Check abort_upload(Job& draft, const UploadAborted& event);
Check complete_upload(Job& draft, const UploadCompleted& event);
Check open_evidence_upload(Job& draft, const UploadOpened& event);
Check put_evidence_part(Job& draft, const PartUploaded& event);
Check abort_evidence_upload(Job& draft, const UploadAborted& event);
Check complete_evidence_upload(Job& draft, const UploadCompleted& event);

// evidence.cpp
Check draw_evidence(Job& draft, const EvidenceDrawn& event);
Check note_packed_evidence(Job& draft, const EvidencePacked& event);

// What a sub-stage still needs; none once it is complete. next_command() calls these.
std::optional<Command> command_of_upload(const UploadProgress& upload);
std::optional<Command> command_of_evidence(const Job& job);

// outcome.cpp: submit, decline, verdicts
Check sign_submit(Job& draft, const SubmitSigned& event);
Check confirm_submit(Job& draft, const SubmitConfirmed& event);
Check drop_submit(Job& draft, const SubmitReverted& event);
Check decide_decline(Job& draft, const DeclineDecided& event);
Check sign_decline(Job& draft, const DeclineSigned& event);
Check drop_decline(Job& draft, const DeclineReverted& event);
Check end_declined(Job& draft, const Declined& event);
Check end_timed_out(Job& draft, const TimedOut& event);
Check end_verified(Job& draft, const Verified& event);
Check end_failed(Job& draft, const ResultRejected& event);

// interruption.cpp: failures, restarts, reorganisations
Check record_failure(Job& draft, const StepFailed& event);
Check count_restart(Job& draft, const Restarted& event);
Check undo_process(Job& draft, const ReorgedOut& event);
Step undo_process_or_submit(Job& draft, const ReorgedOut& event);
Check undo_verdict_on_result(Job& draft, const ReorgedOut& event);
Step undo_end_without_result(Job& draft, const ReorgedOut& event);

// What handlers share (interruption.cpp).

Rejection already_known(std::string reason);
Rejection contradicts_record(std::string reason);
Rejection stale_lease(std::string reason);

/// Refuses a report that does not carry the number of the lease in force.
Check require_lease(const Job& job, std::uint64_t number);

/// Refuses a receipt for a transaction other than the recorded one, that is, one that matches neither its hash nor its
/// nonce. `what` names it: "submit".
Check require_recorded(const std::optional<TxRef>& recorded, const TxRef& reported, std::string_view what);

/// As require_recorded(); in addition the receipt must name its block.
Check require_confirmed(const std::optional<TxRef>& recorded, const TxRef& reported, std::string_view what);

/// The state of a JOB with a locked deposit and without a confirmed submit: accepted, downloading or training.
State state_of_progress(const Job& job);

}  // namespace emeth::statemachine
