// Every record as the list of its members, used both for writing and for reading. A new member is added at the end of
// its list, with the next free number in records.proto. A kind of event without a list does not compile.
#include "storage/record_codec.hpp"

#include <google/protobuf/arena.h>

#include <array>
#include <cstddef>
#include <utility>

#include "storage/record_fields.hpp"
#include "storage/records.pb.h"

namespace emeth::storage {

using namespace statemachine;

using std::tuple;

// clang-format off

template <> inline constexpr auto fields<Terms> = tuple(
    &Terms::id, &Terms::owner, &Terms::program_id, &Terms::dataset, &Terms::param, &Terms::fee, &Terms::dataset_bytes,
    &Terms::requested_at_unix_s, &Terms::deadline_unix_s, if_changed(&Terms::team));
template <> inline constexpr auto fields<TxRef> = tuple(&TxRef::hash, &TxRef::nonce, &TxRef::block);
template <> inline constexpr auto fields<WorkerFile> = tuple(&WorkerFile::sha256, &WorkerFile::bytes);
template <> inline constexpr auto fields<Checkpoint> = tuple(
    &Checkpoint::epoch, &Checkpoint::step, &Checkpoint::sha256, &Checkpoint::loss);
template <> inline constexpr auto fields<Artifact> = tuple(
    &Artifact::sha256, &Artifact::bytes, &Artifact::epochs, &Artifact::steps, &Artifact::epoch_losses,
    &Artifact::validation_loss);

// What a JOB has achieved.
template <> inline constexpr auto fields<DepositProgress> = tuple(
    &DepositProgress::approve, &DepositProgress::process, &DepositProgress::deposit);
template <> inline constexpr auto fields<LeaseProgress> = tuple(
    &LeaseProgress::number, &LeaseProgress::worker, &LeaseProgress::active);
template <> inline constexpr auto fields<DatasetProgress> = tuple(
    &DatasetProgress::sha256, &DatasetProgress::bytes, &DatasetProgress::tokens, &DatasetProgress::steps_total,
    &DatasetProgress::lease);
template <> inline constexpr auto fields<TrainingProgress> = tuple(
    &TrainingProgress::checkpoint, &TrainingProgress::artifact, &TrainingProgress::resumes);
template <> inline constexpr auto fields<UploadProgress> = tuple(
    &UploadProgress::upload_id, &UploadProgress::file_name, &UploadProgress::lease, &UploadProgress::parts_total,
    &UploadProgress::etags, &UploadProgress::completed);
template <> inline constexpr auto fields<EvidenceProgress> = tuple(
    &EvidenceProgress::block_hash, &EvidenceProgress::segments, inlined(&EvidenceProgress::file),
    &EvidenceProgress::upload);
template <> inline constexpr auto fields<OutcomeProgress> = tuple(
    &OutcomeProgress::submit, &OutcomeProgress::decline, &OutcomeProgress::decline_reason, &OutcomeProgress::verdict,
    &OutcomeProgress::end_reason, &OutcomeProgress::penalty, &OutcomeProgress::gas, &OutcomeProgress::slot,
    &OutcomeProgress::paid);
template <> inline constexpr auto fields<RetryProgress> = tuple(
    &RetryProgress::attempt, &RetryProgress::retry_at_unix_ms, &RetryProgress::step, &RetryProgress::last_error,
    &RetryProgress::crashes);
template <> inline constexpr auto fields<Job> = tuple(
    &Job::terms, &Job::state, &Job::sequence, &Job::entered_at_unix_ms, &Job::deposit, &Job::lease, &Job::dataset,
    &Job::training, &Job::upload, &Job::outcome, &Job::retry, &Job::restarts, if_changed(&Job::evidence));

// Events.
template <> inline constexpr auto fields<Discovered> = tuple(&Discovered::terms);
template <> inline constexpr auto fields<DepositSigned> = tuple(&DepositSigned::approve, &DepositSigned::process);
template <> inline constexpr auto fields<ProcessConfirmed> = tuple(
    &ProcessConfirmed::process, &ProcessConfirmed::deposit);
template <> inline constexpr auto fields<LostToOtherNode> = tuple(&LostToOtherNode::node);
template <> inline constexpr auto fields<CanceledByRequester> = tuple();
template <> inline constexpr auto fields<BecameInfeasible> = tuple(&BecameInfeasible::reason);
template <> inline constexpr auto fields<ProcessReverted> = tuple(&ProcessReverted::process, &ProcessReverted::reason);
template <> inline constexpr auto fields<LeaseGranted> = tuple(&LeaseGranted::number, &LeaseGranted::worker);
template <> inline constexpr auto fields<LeaseRevoked> = tuple(&LeaseRevoked::number, &LeaseRevoked::reason);
template <> inline constexpr auto fields<DatasetReady> = tuple(
    &DatasetReady::lease, &DatasetReady::sha256, &DatasetReady::bytes, &DatasetReady::tokens,
    &DatasetReady::steps_total);
template <> inline constexpr auto fields<CheckpointSaved> = tuple(
    &CheckpointSaved::lease, &CheckpointSaved::checkpoint);
template <> inline constexpr auto fields<TrainingResumed> = tuple(
    &TrainingResumed::lease, &TrainingResumed::step, &TrainingResumed::reason);
template <> inline constexpr auto fields<TrainingFinished> = tuple(
    &TrainingFinished::lease, &TrainingFinished::artifact);
template <> inline constexpr auto fields<UploadOpened> = tuple(
    &UploadOpened::lease, &UploadOpened::upload_id, &UploadOpened::file_name, &UploadOpened::parts_total);
template <> inline constexpr auto fields<PartUploaded> = tuple(
    &PartUploaded::lease, &PartUploaded::part, &PartUploaded::etag);
template <> inline constexpr auto fields<UploadAborted> = tuple(&UploadAborted::reason);
template <> inline constexpr auto fields<UploadCompleted> = tuple(&UploadCompleted::file_name);
template <> inline constexpr auto fields<SubmitSigned> = tuple(&SubmitSigned::submit);
template <> inline constexpr auto fields<SubmitConfirmed> = tuple(&SubmitConfirmed::submit);
template <> inline constexpr auto fields<Verified> = tuple(
    &Verified::verdict, &Verified::gas, &Verified::slot, &Verified::paid);
template <> inline constexpr auto fields<ResultRejected> = tuple(
    &ResultRejected::verdict, &ResultRejected::penalty, &ResultRejected::reason);
template <> inline constexpr auto fields<TimedOut> = tuple(&TimedOut::verdict, &TimedOut::penalty, &TimedOut::at_unix_s);
template <> inline constexpr auto fields<DeclineDecided> = tuple(&DeclineDecided::reason);
template <> inline constexpr auto fields<DeclineSigned> = tuple(&DeclineSigned::decline);
template <> inline constexpr auto fields<Declined> = tuple(&Declined::decline, &Declined::penalty);
template <> inline constexpr auto fields<Restarted> = tuple(&Restarted::reason);
template <> inline constexpr auto fields<ReorgedOut> = tuple(&ReorgedOut::fact);
template <> inline constexpr auto fields<StepFailed> = tuple(
    &StepFailed::failure, &StepFailed::step, &StepFailed::message, &StepFailed::attempt,
    &StepFailed::retry_at_unix_ms);
template <> inline constexpr auto fields<WorkerLost> = tuple(&WorkerLost::lease, &WorkerLost::reason);
template <> inline constexpr auto fields<SubmitReverted> = tuple(&SubmitReverted::submit, &SubmitReverted::reason);
template <> inline constexpr auto fields<DeclineReverted> = tuple(&DeclineReverted::decline, &DeclineReverted::reason);
template <> inline constexpr auto fields<EvidenceDrawn> = tuple(&EvidenceDrawn::block_hash, &EvidenceDrawn::segments);
template <> inline constexpr auto fields<EvidencePacked> = tuple(
    &EvidencePacked::lease, &EvidencePacked::block_hash, inlined(&EvidencePacked::file));

template <> inline constexpr auto fields<Rejection> = tuple(&Rejection::kind, &Rejection::reason);
template <> inline constexpr auto fields<HistoryEntry> = tuple(
    &HistoryEntry::sequence, &HistoryEntry::event, &HistoryEntry::from, &HistoryEntry::to, &HistoryEntry::rejection);

// The outbox and the notes.
template <> inline constexpr auto fields<OutboxEntry> = tuple(
    &OutboxEntry::nonce, &OutboxEntry::kind, &OutboxEntry::job, &OutboxEntry::hash, &OutboxEntry::raw,
    &OutboxEntry::amount, &OutboxEntry::created_at_unix_ms, &OutboxEntry::mined_block, &OutboxEntry::succeeded,
    &OutboxEntry::mined_hash);
template <> inline constexpr auto fields<Replacement> = tuple(
    &Replacement::hash, &Replacement::raw, &Replacement::signed_at_unix_ms);
template <> inline constexpr auto fields<NumberedReplacement> = tuple(
    &NumberedReplacement::nonce, &NumberedReplacement::number, inlined(&NumberedReplacement::replacement));
template <> inline constexpr auto fields<RefusedJob> = tuple(
    &RefusedJob::id, &RefusedJob::at_unix_ms, &RefusedJob::reason, &RefusedJob::failures,
    &RefusedJob::next_look_at_unix_ms);

// clang-format on

void write_event(Message& message, const Event& event) {
    const FieldDescriptor& body = field_of(*message.GetDescriptor(), static_cast<int>(event.body.index()) + 1);
    FieldWriter writer(*message.GetReflection()->MutableMessage(&message, &body));
    std::visit([&](const auto& fact) { writer.write(fact); }, event.body);
    static_cast<records::Event&>(message).set_at_unix_ms(event.at_unix_ms);
}

namespace {

template <std::size_t index>
EventBody read_body(const Message& message, const Place& place) {
    std::variant_alternative_t<index, EventBody> fact;
    FieldReader(message, place).read(fact);
    return fact;
}

constexpr auto body_readers = []<std::size_t... index>(std::index_sequence<index...>) {
    return std::array{&read_body<index>...};
}(std::make_index_sequence<event_kinds>());

}  // namespace

void read_event(const Message& message, const Place& place, Event& event) {
    const auto& record = static_cast<const records::Event&>(message);
    const auto number = static_cast<std::size_t>(record.body_case());
    if (number == 0 || number > event_kinds)
        throw ErrorException(
            permanent_error("the event is of no kind known here: use the emeth that wrote it or a newer one"));
    const FieldDescriptor& body = field_of(*message.GetDescriptor(), static_cast<int>(number));
    const Place inner{&place, &body};
    event.body = body_readers[number - 1](message.GetReflection()->GetMessage(message, &body), inner);
    event.at_unix_ms = record.at_unix_ms();
}

namespace {

/// A record that is needed for a moment. It lies in one piece of memory with the records in it, since going through a
/// store makes tens of millions of them; long ones take more.
template <class Record>
class Scratch {
public:
    Record& operator*() { return record_; }
    Record* operator->() { return &record_; }

private:
    static constexpr std::size_t bytes = 4'096;

    alignas(std::max_align_t) std::array<char, bytes> memory_;
    google::protobuf::Arena arena_{memory_.data(), memory_.size()};
    Record& record_ = *google::protobuf::Arena::CreateMessage<Record>(&arena_);
};

template <class Record, class Value>
std::string encode(const Value& value) {
    Scratch<Record> record;
    FieldWriter(*record).write(value);
    return record->SerializeAsString();
}

/// Throws ErrorException.
template <class Record>
void parse(Record& record, std::string_view bytes) {
    if (!record.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
        throw ErrorException(permanent_error(fmt::format("{} bytes do not parse as {}: the record is damaged",
                                                         bytes.size(), Record::descriptor()->name())));
    }
}

template <class Value, class Record>
Result<Value> decode(std::string_view bytes) try {
    Scratch<Record> record;
    parse(*record, bytes);
    const Place outermost;
    Value value;
    FieldReader(*record, outermost).read(value);
    return value;
} catch (const ErrorException& damaged) {
    return damaged.error();
}

}  // namespace

std::string encode_job(const Job& job) {
    return encode<records::Job>(job);
}

std::string encode_history(const HistoryEntry& entry) {
    return encode<records::HistoryEntry>(entry);
}

std::string encode_outbox(const OutboxEntry& entry) {
    return encode<records::OutboxEntry>(entry);
}

std::string encode_replacement(const NumberedReplacement& numbered) {
    return encode<records::Replacement>(numbered);
}

std::string encode_cursor(std::string_view value) {
    records::Cursor record;
    record.set_value(std::string(value));
    return record.SerializeAsString();
}

std::string encode_refusal(const RefusedJob& refusal) {
    return encode<records::Refusal>(refusal);
}

Result<Job> decode_job(std::string_view bytes) {
    return decode<Job, records::Job>(bytes);
}

Result<HistoryEntry> decode_history(std::string_view bytes) {
    return decode<HistoryEntry, records::HistoryEntry>(bytes);
}

Result<OutboxEntry> decode_outbox(std::string_view bytes) {
    return decode<OutboxEntry, records::OutboxEntry>(bytes);
}

Result<NumberedReplacement> decode_replacement(std::string_view bytes) {
    return decode<NumberedReplacement, records::Replacement>(bytes);
}

Result<std::string> decode_cursor(std::string_view bytes) try {
    records::Cursor record;
    parse(record, bytes);
    return record.value();
} catch (const ErrorException& damaged) {
    return damaged.error();
}

Result<RefusedJob> decode_refusal(std::string_view bytes) {
    return decode<RefusedJob, records::Refusal>(bytes);
}

/// Each field is compared on its own, in two records that contain nothing else.
std::string differing_fields(const Job& left, const Job& right) {
    records::Job of_left, of_right;
    FieldWriter(of_left).write(left);
    FieldWriter(of_right).write(right);
    std::string names;
    for (int i = 0; i < records::Job::descriptor()->field_count(); ++i) {
        const FieldDescriptor* field = records::Job::descriptor()->field(i);
        records::Job alone_left, alone_right;
        of_left.GetReflection()->SwapFields(&of_left, &alone_left, {field});
        of_right.GetReflection()->SwapFields(&of_right, &alone_right, {field});
        if (alone_left.SerializeAsString() == alone_right.SerializeAsString()) continue;
        names += names.empty() ? "" : ", ";
        names += field->name();
    }
    return names;
}

}  // namespace emeth::storage
