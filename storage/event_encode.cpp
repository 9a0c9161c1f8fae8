// Events to protobuf, and the parts of records that events share with the JOB record. A new kind of event does not
// compile until it is written here.
#include "storage/record_fields.hpp"

namespace emeth::storage {

using namespace statemachine;

void write(records::Terms& record, const Terms& terms) {
    record.set_id(bytes_of(terms.id));
    record.set_owner(bytes_of(terms.owner));
    record.set_program_id(terms.program_id);
    record.set_dataset(terms.dataset);
    record.set_param(terms.param);
    record.set_fee(bytes_of(terms.fee));
    record.set_dataset_bytes(terms.dataset_bytes);
    record.set_requested_at_unix_s(terms.requested_at_unix_s);
    record.set_deadline_unix_s(terms.deadline_unix_s);
}

void write(records::TxRef& record, const TxRef& tx) {
    record.set_hash(bytes_of(tx.hash));
    record.set_nonce(tx.nonce);
    record.set_block(tx.block);
}

void write(records::Checkpoint& record, const Checkpoint& checkpoint) {
    record.set_epoch(checkpoint.epoch);
    record.set_step(checkpoint.step);
    record.set_sha256(bytes_of(checkpoint.sha256));
    record.set_loss(checkpoint.loss);
}

void write(records::Artifact& record, const Artifact& artifact) {
    record.set_sha256(bytes_of(artifact.sha256));
    record.set_bytes(artifact.bytes);
    record.set_epochs(artifact.epochs);
    record.set_steps(artifact.steps);
    for (const double loss : artifact.epoch_losses) record.add_epoch_losses(loss);
    record.set_validation_loss(artifact.validation_loss);
}

namespace {

struct EventWriter {
    records::Event& record;

    void operator()(const Discovered& event) const {
        write(*record.mutable_discovered()->mutable_terms(), event.terms);
    }
    void operator()(const DepositSigned& event) const {
        auto& body = *record.mutable_deposit_signed();
        write(*body.mutable_approve(), event.approve);
        write(*body.mutable_process(), event.process);
    }
    void operator()(const ProcessConfirmed& event) const {
        auto& body = *record.mutable_process_confirmed();
        write(*body.mutable_process(), event.process);
        body.set_deposit(bytes_of(event.deposit));
    }
    void operator()(const LostToOtherNode& event) const {
        record.mutable_lost_to_other_node()->set_node(bytes_of(event.node));
    }
    void operator()(const CanceledByRequester&) const { record.mutable_canceled_by_requester(); }
    void operator()(const BecameInfeasible& event) const {
        record.mutable_became_infeasible()->set_reason(event.reason);
    }
    void operator()(const ProcessReverted& event) const {
        auto& body = *record.mutable_process_reverted();
        write(*body.mutable_process(), event.process);
        body.set_reason(event.reason);
    }
    void operator()(const LeaseGranted& event) const {
        auto& body = *record.mutable_lease_granted();
        body.set_number(event.number);
        body.set_worker(bytes_of(event.worker));
    }
    void operator()(const LeaseRevoked& event) const {
        auto& body = *record.mutable_lease_revoked();
        body.set_number(event.number);
        body.set_reason(event.reason);
    }
    void operator()(const DatasetReady& event) const {
        auto& body = *record.mutable_dataset_ready();
        body.set_lease(event.lease);
        body.set_sha256(bytes_of(event.sha256));
        body.set_bytes(event.bytes);
        body.set_tokens(event.tokens);
        body.set_steps_total(event.steps_total);
    }
    void operator()(const CheckpointSaved& event) const {
        auto& body = *record.mutable_checkpoint_saved();
        body.set_lease(event.lease);
        write(*body.mutable_checkpoint(), event.checkpoint);
    }
    void operator()(const TrainingResumed& event) const {
        auto& body = *record.mutable_training_resumed();
        body.set_lease(event.lease);
        body.set_step(event.step);
        body.set_reason(event.reason);
    }
    void operator()(const TrainingFinished& event) const {
        auto& body = *record.mutable_training_finished();
        body.set_lease(event.lease);
        write(*body.mutable_artifact(), event.artifact);
    }
    void operator()(const UploadOpened& event) const {
        auto& body = *record.mutable_upload_opened();
        body.set_lease(event.lease);
        body.set_upload_id(event.upload_id);
        body.set_file_name(event.file_name);
        body.set_parts_total(event.parts_total);
    }
    void operator()(const PartUploaded& event) const {
        auto& body = *record.mutable_part_uploaded();
        body.set_lease(event.lease);
        body.set_part(event.part);
        body.set_etag(event.etag);
    }
    void operator()(const UploadAborted& event) const { record.mutable_upload_aborted()->set_reason(event.reason); }
    void operator()(const UploadCompleted& event) const {
        record.mutable_upload_completed()->set_file_name(event.file_name);
    }
    void operator()(const SubmitSigned& event) const {
        write(*record.mutable_submit_signed()->mutable_submit(), event.submit);
    }
    void operator()(const SubmitConfirmed& event) const {
        write(*record.mutable_submit_confirmed()->mutable_submit(), event.submit);
    }
    void operator()(const Verified& event) const {
        auto& body = *record.mutable_verified();
        write(*body.mutable_verdict(), event.verdict);
        body.set_gas(event.gas);
        body.set_slot(event.slot);
    }
    void operator()(const ResultRejected& event) const {
        auto& body = *record.mutable_result_rejected();
        write(*body.mutable_verdict(), event.verdict);
        body.set_penalty(bytes_of(event.penalty));
    }
    void operator()(const TimedOut& event) const {
        auto& body = *record.mutable_timed_out();
        write(*body.mutable_verdict(), event.verdict);
        body.set_penalty(bytes_of(event.penalty));
    }
    void operator()(const DeclineDecided& event) const { record.mutable_decline_decided()->set_reason(event.reason); }
    void operator()(const DeclineSigned& event) const {
        write(*record.mutable_decline_signed()->mutable_decline(), event.decline);
    }
    void operator()(const Declined& event) const {
        auto& body = *record.mutable_declined();
        write(*body.mutable_decline(), event.decline);
        body.set_penalty(bytes_of(event.penalty));
    }
    void operator()(const Restarted& event) const { record.mutable_restarted()->set_reason(event.reason); }
    void operator()(const ReorgedOut& event) const {
        record.mutable_reorged_out()->set_fact(static_cast<records::ChainFact>(event.fact));
    }
    void operator()(const StepFailed& event) const {
        auto& body = *record.mutable_step_failed();
        body.set_failure(static_cast<records::FailureClass>(event.failure));
        body.set_step(event.step);
        body.set_message(event.message);
        body.set_attempt(event.attempt);
        body.set_retry_at_unix_ms(event.retry_at_unix_ms);
    }
    void operator()(const WorkerLost& event) const {
        auto& body = *record.mutable_worker_lost();
        body.set_lease(event.lease);
        body.set_reason(event.reason);
    }
    void operator()(const SubmitReverted& event) const {
        auto& body = *record.mutable_submit_reverted();
        write(*body.mutable_submit(), event.submit);
        body.set_reason(event.reason);
    }
    void operator()(const DeclineReverted& event) const {
        auto& body = *record.mutable_decline_reverted();
        write(*body.mutable_decline(), event.decline);
        body.set_reason(event.reason);
    }
    void operator()(const EvidenceDrawn& event) const {
        auto& body = *record.mutable_evidence_drawn();
        body.set_block_hash(bytes_of(event.block_hash));
        body.mutable_segments()->Add(event.segments.begin(), event.segments.end());
    }
    void operator()(const EvidencePacked& event) const {
        auto& body = *record.mutable_evidence_packed();
        body.set_lease(event.lease);
        body.set_block_hash(bytes_of(event.block_hash));
        body.set_sha256(bytes_of(event.file.sha256));
        body.set_bytes(event.file.bytes);
    }
};

}  // namespace

void write(records::Event& record, const Event& event) {
    std::visit(EventWriter{record}, event.body);
    record.set_at_unix_ms(event.at_unix_ms);
}

}  // namespace emeth::storage
