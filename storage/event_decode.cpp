// Events from protobuf, and the parts of records that events share with the JOB record. The switch has no default: a
// new kind of event does not compile until it is read here.
#include <array>

#include "storage/record_fields.hpp"

namespace emeth::storage {

using namespace statemachine;

Terms read(const records::Terms& record) {
    return {fixed_bytes<JobId>(record.id(), "terms.id"),
            fixed_bytes<Address>(record.owner(), "terms.owner"),
            record.program_id(),
            record.dataset(),
            record.param(),
            fixed_bytes<Wei>(record.fee(), "terms.fee"),
            record.dataset_bytes(),
            record.requested_at_unix_s(),
            record.deadline_unix_s()};
}

TxRef read(const records::TxRef& record) {
    return {fixed_bytes<Hash256>(record.hash(), "transaction.hash"), record.nonce(), record.block()};
}

Checkpoint read(const records::Checkpoint& record) {
    return {record.epoch(), record.step(), fixed_bytes<Hash256>(record.sha256(), "checkpoint.sha256"), record.loss()};
}

Artifact read(const records::Artifact& record) {
    return {fixed_bytes<Hash256>(record.sha256(), "artifact.sha256"),
            record.bytes(),
            record.epochs(),
            record.steps(),
            {record.epoch_losses().begin(), record.epoch_losses().end()},
            record.validation_loss()};
}

namespace {

using storage::read;  // the overloads below would hide it

constexpr std::array chain_facts{ChainFact::process, ChainFact::submit, ChainFact::verdict};
constexpr std::array failure_classes{FailureClass::transient, FailureClass::permanent, FailureClass::bug};

DatasetReady read(const records::DatasetReady& record) {
    return {record.lease(), fixed_bytes<Hash256>(record.sha256(), "dataset_ready.sha256"), record.bytes(),
            record.tokens(), record.steps_total()};
}

StepFailed read(const records::StepFailed& record) {
    return {known_number<FailureClass>(record.failure(), failure_classes, "step_failed.failure"), record.step(),
            record.message(), record.attempt(), record.retry_at_unix_ms()};
}

Wei penalty_of(const std::string& stored) {
    return fixed_bytes<Wei>(stored, "penalty");
}

EvidenceDrawn read(const records::EvidenceDrawn& record) {
    return {fixed_bytes<Hash256>(record.block_hash(), "evidence_drawn.block_hash"),
            {record.segments().begin(), record.segments().end()}};
}

EvidencePacked read(const records::EvidencePacked& record) {
    return {record.lease(),
            fixed_bytes<Hash256>(record.block_hash(), "evidence_packed.block_hash"),
            {fixed_bytes<Hash256>(record.sha256(), "evidence_packed.sha256"), record.bytes()}};
}

EventBody read_body(const records::Event& record) {
    using Kind = records::Event::BodyCase;
    switch (record.body_case()) {
        case Kind::kDiscovered:
            return Discovered{read(record.discovered().terms())};
        case Kind::kDepositSigned:
            return DepositSigned{read(record.deposit_signed().approve()), read(record.deposit_signed().process())};
        case Kind::kProcessConfirmed:
            return ProcessConfirmed{
                read(record.process_confirmed().process()),
                fixed_bytes<Wei>(record.process_confirmed().deposit(), "process_confirmed.deposit")};
        case Kind::kLostToOtherNode:
            return LostToOtherNode{fixed_bytes<Address>(record.lost_to_other_node().node(), "lost_to_other_node.node")};
        case Kind::kCanceledByRequester:
            return CanceledByRequester{};
        case Kind::kBecameInfeasible:
            return BecameInfeasible{record.became_infeasible().reason()};
        case Kind::kProcessReverted:
            return ProcessReverted{read(record.process_reverted().process()), record.process_reverted().reason()};
        case Kind::kLeaseGranted:
            return LeaseGranted{record.lease_granted().number(),
                                fixed_bytes<Address>(record.lease_granted().worker(), "lease_granted.worker")};
        case Kind::kLeaseRevoked:
            return LeaseRevoked{record.lease_revoked().number(), record.lease_revoked().reason()};
        case Kind::kDatasetReady:
            return read(record.dataset_ready());
        case Kind::kCheckpointSaved:
            return CheckpointSaved{record.checkpoint_saved().lease(), read(record.checkpoint_saved().checkpoint())};
        case Kind::kTrainingResumed:
            return TrainingResumed{record.training_resumed().lease(), record.training_resumed().step(),
                                   record.training_resumed().reason()};
        case Kind::kTrainingFinished:
            return TrainingFinished{record.training_finished().lease(), read(record.training_finished().artifact())};
        case Kind::kUploadOpened:
            return UploadOpened{record.upload_opened().lease(), record.upload_opened().upload_id(),
                                record.upload_opened().file_name(), record.upload_opened().parts_total()};
        case Kind::kPartUploaded:
            return PartUploaded{record.part_uploaded().lease(), record.part_uploaded().part(),
                                record.part_uploaded().etag()};
        case Kind::kUploadAborted:
            return UploadAborted{record.upload_aborted().reason()};
        case Kind::kUploadCompleted:
            return UploadCompleted{record.upload_completed().file_name()};
        case Kind::kSubmitSigned:
            return SubmitSigned{read(record.submit_signed().submit())};
        case Kind::kSubmitConfirmed:
            return SubmitConfirmed{read(record.submit_confirmed().submit())};
        case Kind::kVerified:
            return Verified{read(record.verified().verdict()), record.verified().gas(), record.verified().slot()};
        case Kind::kResultRejected:
            return ResultRejected{read(record.result_rejected().verdict()),
                                  penalty_of(record.result_rejected().penalty())};
        case Kind::kTimedOut:
            return TimedOut{read(record.timed_out().verdict()), penalty_of(record.timed_out().penalty())};
        case Kind::kDeclineDecided:
            return DeclineDecided{record.decline_decided().reason()};
        case Kind::kDeclineSigned:
            return DeclineSigned{read(record.decline_signed().decline())};
        case Kind::kDeclined:
            return Declined{read(record.declined().decline()), penalty_of(record.declined().penalty())};
        case Kind::kRestarted:
            return Restarted{record.restarted().reason()};
        case Kind::kReorgedOut:
            return ReorgedOut{known_number<ChainFact>(record.reorged_out().fact(), chain_facts, "reorged_out.fact")};
        case Kind::kStepFailed:
            return read(record.step_failed());
        case Kind::kWorkerLost:
            return WorkerLost{record.worker_lost().lease(), record.worker_lost().reason()};
        case Kind::kSubmitReverted:
            return SubmitReverted{read(record.submit_reverted().submit()), record.submit_reverted().reason()};
        case Kind::kDeclineReverted:
            return DeclineReverted{read(record.decline_reverted().decline()), record.decline_reverted().reason()};
        case Kind::kEvidenceDrawn:
            return read(record.evidence_drawn());
        case Kind::kEvidencePacked:
            return read(record.evidence_packed());
        case Kind::BODY_NOT_SET:
            break;
    }
    throw ErrorException(
        permanent_error("the event is of no kind known here: use the emeth that wrote it or a newer one"));
}

}  // namespace

Event read(const records::Event& record) {
    return {record.at_unix_ms(), read_body(record)};
}

}  // namespace emeth::storage
