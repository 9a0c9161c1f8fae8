#include "storage/record_codec.hpp"

#include <array>

#include "storage/record_fields.hpp"

namespace emeth::storage {

using namespace statemachine;

namespace {

using storage::read;  // the overloads below would hide these
using storage::write;

constexpr std::array tx_kinds{TxKind::approve, TxKind::process,  TxKind::submit,
                              TxKind::decline, TxKind::withdraw, TxKind::other};
constexpr std::array rejection_kinds{RejectionKind::not_in_this_state, RejectionKind::stale_lease,
                                     RejectionKind::already_known, RejectionKind::contradicts_record};

State read_state(records::State number, std::string_view field) {
    return known_number<State>(number, all_states, field);
}

void write(records::DepositProgress& record, const DepositProgress& deposit) {
    if (deposit.approve) write(*record.mutable_approve(), *deposit.approve);
    if (deposit.process) write(*record.mutable_process(), *deposit.process);
    record.set_deposit(bytes_of(deposit.deposit));
}

DepositProgress read(const records::DepositProgress& record) {
    DepositProgress deposit;
    if (record.has_approve()) deposit.approve = read(record.approve());
    if (record.has_process()) deposit.process = read(record.process());
    deposit.deposit = fixed_bytes<Wei>(record.deposit(), "deposit.deposit");
    return deposit;
}

void write(records::LeaseProgress& record, const LeaseProgress& lease) {
    record.set_number(lease.number);
    record.set_worker(bytes_of(lease.worker));
    record.set_active(lease.active);
}

LeaseProgress read(const records::LeaseProgress& record) {
    return {record.number(), fixed_bytes<Address>(record.worker(), "lease.worker"), record.active()};
}

void write(records::DatasetProgress& record, const DatasetProgress& dataset) {
    if (dataset.sha256) record.set_sha256(bytes_of(*dataset.sha256));
    record.set_bytes(dataset.bytes);
    record.set_tokens(dataset.tokens);
    record.set_steps_total(dataset.steps_total);
    record.set_lease(dataset.lease);
}

DatasetProgress read(const records::DatasetProgress& record) {
    DatasetProgress dataset;
    if (record.has_sha256()) dataset.sha256 = fixed_bytes<Hash256>(record.sha256(), "dataset.sha256");
    dataset.bytes = record.bytes();
    dataset.tokens = record.tokens();
    dataset.steps_total = record.steps_total();
    dataset.lease = record.lease();
    return dataset;
}

void write(records::TrainingProgress& record, const TrainingProgress& training) {
    if (training.checkpoint) write(*record.mutable_checkpoint(), *training.checkpoint);
    if (training.artifact) write(*record.mutable_artifact(), *training.artifact);
    record.set_resumes(training.resumes);
}

TrainingProgress read(const records::TrainingProgress& record) {
    TrainingProgress training;
    if (record.has_checkpoint()) training.checkpoint = read(record.checkpoint());
    if (record.has_artifact()) training.artifact = read(record.artifact());
    training.resumes = record.resumes();
    return training;
}

void write(records::UploadProgress& record, const UploadProgress& upload) {
    record.set_upload_id(upload.upload_id);
    record.set_file_name(upload.file_name);
    record.set_lease(upload.lease);
    record.set_parts_total(upload.parts_total);
    for (const auto& [number, etag] : upload.etags) {
        records::UploadPart& part = *record.add_parts();
        part.set_number(number);
        part.set_etag(etag);
    }
    record.set_completed(upload.completed);
}

UploadProgress read(const records::UploadProgress& record) {
    UploadProgress upload{record.upload_id(), record.file_name(), record.lease(), record.parts_total(), {}, false};
    for (const records::UploadPart& part : record.parts()) upload.etags.emplace(part.number(), part.etag());
    upload.completed = record.completed();
    return upload;
}

void write(records::EvidenceProgress& record, const EvidenceProgress& evidence) {
    if (evidence.block_hash) record.set_block_hash(bytes_of(*evidence.block_hash));
    record.mutable_segments()->Add(evidence.segments.begin(), evidence.segments.end());
    if (evidence.file) {
        record.set_sha256(bytes_of(evidence.file->sha256));
        record.set_bytes(evidence.file->bytes);
    }
    write(*record.mutable_upload(), evidence.upload);
}

EvidenceProgress read(const records::EvidenceProgress& record) {
    EvidenceProgress evidence;
    if (record.has_block_hash()) evidence.block_hash = fixed_bytes<Hash256>(record.block_hash(), "evidence.block_hash");
    evidence.segments.assign(record.segments().begin(), record.segments().end());
    if (record.has_sha256())
        evidence.file = EvidenceFile{fixed_bytes<Hash256>(record.sha256(), "evidence.sha256"), record.bytes()};
    evidence.upload = read(record.upload());
    return evidence;
}

void write(records::OutcomeProgress& record, const OutcomeProgress& outcome) {
    if (outcome.submit) write(*record.mutable_submit(), *outcome.submit);
    if (outcome.decline) write(*record.mutable_decline(), *outcome.decline);
    record.set_decline_reason(outcome.decline_reason);
    if (outcome.verdict) write(*record.mutable_verdict(), *outcome.verdict);
    record.set_end_reason(outcome.end_reason);
    record.set_penalty(bytes_of(outcome.penalty));
    record.set_gas(outcome.gas);
    record.set_slot(outcome.slot);
}

OutcomeProgress read(const records::OutcomeProgress& record) {
    OutcomeProgress outcome;
    if (record.has_submit()) outcome.submit = read(record.submit());
    if (record.has_decline()) outcome.decline = read(record.decline());
    outcome.decline_reason = record.decline_reason();
    if (record.has_verdict()) outcome.verdict = read(record.verdict());
    outcome.end_reason = record.end_reason();
    outcome.penalty = fixed_bytes<Wei>(record.penalty(), "outcome.penalty");
    outcome.gas = record.gas();
    outcome.slot = record.slot();
    return outcome;
}

void write(records::RetryProgress& record, const RetryProgress& retry) {
    record.set_attempt(retry.attempt);
    record.set_retry_at_unix_ms(retry.retry_at_unix_ms);
    record.set_step(retry.step);
    record.set_last_error(retry.last_error);
    record.set_crashes(retry.crashes);
}

RetryProgress read(const records::RetryProgress& record) {
    return {record.attempt(), record.retry_at_unix_ms(), record.step(), record.last_error(), record.crashes()};
}

Job read(const records::Job& record) {
    Job job;
    job.terms = read(record.terms());
    job.state = read_state(record.state(), "state");
    job.sequence = record.sequence();
    job.entered_at_unix_ms = record.entered_at_unix_ms();
    job.deposit = read(record.deposit());
    job.lease = read(record.lease());
    job.dataset = read(record.dataset());
    job.training = read(record.training());
    job.upload = read(record.upload());
    job.evidence = read(record.evidence());
    job.outcome = read(record.outcome());
    job.retry = read(record.retry());
    job.restarts = record.restarts();
    return job;
}

HistoryEntry read(const records::HistoryEntry& record) {
    HistoryEntry entry;
    entry.sequence = record.sequence();
    entry.event = read(record.event());
    entry.from = read_state(record.from(), "from");
    entry.to = read_state(record.to(), "to");
    if (record.has_rejection()) {
        const auto kind = known_number<RejectionKind>(record.rejection().kind(), rejection_kinds, "rejection.kind");
        entry.rejection = Rejection{kind, record.rejection().reason()};
    }
    return entry;
}

OutboxEntry read(const records::OutboxEntry& record) {
    OutboxEntry entry;
    entry.nonce = record.nonce();
    entry.kind = known_number<TxKind>(record.kind(), tx_kinds, "kind");
    if (record.has_job()) entry.job = fixed_bytes<JobId>(record.job(), "job");
    entry.hash = fixed_bytes<Hash256>(record.hash(), "hash");
    entry.raw.assign(record.raw().begin(), record.raw().end());
    entry.amount = fixed_bytes<Wei>(record.amount(), "amount");
    entry.created_at_unix_ms = record.created_at_unix_ms();
    entry.mined_block = record.mined_block();
    entry.succeeded = record.succeeded();
    if (record.has_mined_hash()) entry.mined_hash = fixed_bytes<Hash256>(record.mined_hash(), "mined_hash");
    return entry;
}

NumberedReplacement read(const records::Replacement& record) {
    NumberedReplacement numbered{record.nonce(), record.number(), {}};
    numbered.replacement.hash = fixed_bytes<Hash256>(record.hash(), "hash");
    numbered.replacement.raw.assign(record.raw().begin(), record.raw().end());
    numbered.replacement.signed_at_unix_ms = record.signed_at_unix_ms();
    return numbered;
}

std::string read(const records::Cursor& record) {
    return record.value();
}

Refusal read(const records::Refusal& record) {
    return {fixed_bytes<JobId>(record.id(), "id"), record.at_unix_ms(), record.reason()};
}

/// Parses `bytes` as a Record and reads a Value out of it.
template <class Value, class Record>
Result<Value> decode(std::string_view bytes) try {
    Record record;
    if (!record.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
        return permanent_error(fmt::format("{} bytes do not parse as {}: the record is damaged", bytes.size(),
                                           Record::descriptor()->name()));
    }
    return read(record);
} catch (const ErrorException& damaged) {
    return damaged.error();
}

}  // namespace

std::string encode_job(const Job& job) {
    records::Job record;
    write(*record.mutable_terms(), job.terms);
    record.set_state(static_cast<records::State>(job.state));
    record.set_sequence(job.sequence);
    record.set_entered_at_unix_ms(job.entered_at_unix_ms);
    write(*record.mutable_deposit(), job.deposit);
    write(*record.mutable_lease(), job.lease);
    write(*record.mutable_dataset(), job.dataset);
    write(*record.mutable_training(), job.training);
    write(*record.mutable_upload(), job.upload);
    write(*record.mutable_outcome(), job.outcome);
    write(*record.mutable_retry(), job.retry);
    record.set_restarts(job.restarts);
    if (job.evidence != EvidenceProgress{}) write(*record.mutable_evidence(), job.evidence);
    return record.SerializeAsString();
}

std::string encode_history(const HistoryEntry& entry) {
    records::HistoryEntry record;
    record.set_sequence(entry.sequence);
    write(*record.mutable_event(), entry.event);
    record.set_from(static_cast<records::State>(entry.from));
    record.set_to(static_cast<records::State>(entry.to));
    if (entry.rejection) {
        record.mutable_rejection()->set_kind(static_cast<records::RejectionKind>(entry.rejection->kind));
        record.mutable_rejection()->set_reason(entry.rejection->reason);
    }
    return record.SerializeAsString();
}

std::string encode_outbox(const OutboxEntry& entry) {
    records::OutboxEntry record;
    record.set_nonce(entry.nonce);
    record.set_kind(static_cast<records::TxKind>(entry.kind));
    if (entry.job) record.set_job(bytes_of(*entry.job));
    record.set_hash(bytes_of(entry.hash));
    record.set_raw(entry.raw.data(), entry.raw.size());
    record.set_amount(bytes_of(entry.amount));
    record.set_created_at_unix_ms(entry.created_at_unix_ms);
    record.set_mined_block(entry.mined_block);
    record.set_succeeded(entry.succeeded);
    if (entry.mined_hash) record.set_mined_hash(bytes_of(*entry.mined_hash));
    return record.SerializeAsString();
}

std::string encode_replacement(const NumberedReplacement& numbered) {
    records::Replacement record;
    record.set_nonce(numbered.nonce);
    record.set_number(numbered.number);
    record.set_hash(bytes_of(numbered.replacement.hash));
    record.set_raw(numbered.replacement.raw.data(), numbered.replacement.raw.size());
    record.set_signed_at_unix_ms(numbered.replacement.signed_at_unix_ms);
    return record.SerializeAsString();
}

std::string encode_cursor(std::string_view value) {
    records::Cursor record;
    record.set_value(std::string(value));
    return record.SerializeAsString();
}

std::string encode_refusal(const Refusal& refusal) {
    records::Refusal record;
    record.set_id(bytes_of(refusal.id));
    record.set_at_unix_ms(refusal.at_unix_ms);
    record.set_reason(refusal.reason);
    return record.SerializeAsString();
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

Result<std::string> decode_cursor(std::string_view bytes) {
    return decode<std::string, records::Cursor>(bytes);
}

Result<Refusal> decode_refusal(std::string_view bytes) {
    return decode<Refusal, records::Refusal>(bytes);
}

}  // namespace emeth::storage
