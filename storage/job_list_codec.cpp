#include "storage/job_list_codec.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "storage/job_list.pb.h"

namespace emeth::storage {
namespace {

template <class Bytes>
std::string text_of(const Bytes& bytes) {
    return {bytes.bytes.begin(), bytes.bytes.end()};
}

/// Absent is zero.
template <class Bytes>
bool read_bytes(const std::string& text, Bytes& out) {
    if (text.empty()) return true;
    if (text.size() != Bytes::size_bytes) return false;
    std::copy(text.begin(), text.end(), out.bytes.begin());
    return true;
}

Error damaged(std::string_view what) {
    return permanent_error(fmt::format("the record of {} cannot be read: the store is damaged", what));
}

}  // namespace

std::string encode_listed_job(const IndexedJob& job) {
    records::ListedJob record;
    record.set_owner(text_of(job.owner));
    record.set_status(job.status);
    record.set_program_id(job.program_id);
    record.set_dataset(job.dataset);
    record.set_param(job.param);
    record.set_fee(text_of(job.fee));
    record.set_deadline_unix_s(job.deadline_unix_s);
    record.set_requested_at_unix_s(job.requested_at_unix_s);
    if (!job.node.is_zero()) record.set_node(text_of(job.node));
    if (!job.deposit.is_zero()) record.set_deposit(text_of(job.deposit));
    record.set_started_at_unix_s(job.started_at_unix_s);
    record.set_submitted_at_unix_s(job.submitted_at_unix_s);
    record.set_verified_at_unix_s(job.verified_at_unix_s);
    record.set_seen_block(job.seen_block);
    record.set_dataset_bytes(job.dataset_bytes);
    if (job.verdict_reason) record.set_verdict_reason(*job.verdict_reason);
    return record.SerializeAsString();
}

Result<IndexedJob> decode_listed_job(const JobId& id, std::string_view payload) {
    records::ListedJob record;
    IndexedJob job;
    job.id = id;
    if (!record.ParseFromArray(payload.data(), static_cast<int>(payload.size())) ||
        record.status() >= listed_status_count || !read_bytes(record.owner(), job.owner) ||
        !read_bytes(record.fee(), job.fee) || !read_bytes(record.node(), job.node) ||
        !read_bytes(record.deposit(), job.deposit))
        return damaged("JOB " + id.hex());
    job.status = static_cast<std::uint8_t>(record.status());
    job.program_id = record.program_id();
    job.dataset = record.dataset();
    job.param = record.param();
    job.deadline_unix_s = record.deadline_unix_s();
    job.requested_at_unix_s = record.requested_at_unix_s();
    job.started_at_unix_s = record.started_at_unix_s();
    job.submitted_at_unix_s = record.submitted_at_unix_s();
    job.verified_at_unix_s = record.verified_at_unix_s();
    job.seen_block = record.seen_block();
    job.dataset_bytes = record.dataset_bytes();
    if (record.has_verdict_reason()) job.verdict_reason = record.verdict_reason();
    return job;
}

std::string encode_list_state(const ListState& state) {
    records::ListState record;
    if (state.identity) {
        record.set_chain_id(state.identity->chain_id);
        record.set_core(text_of(state.identity->core));
        record.set_start_block(state.identity->start_block);
        record.set_genesis(text_of(state.identity->genesis));
    }
    record.set_cursor(state.position.cursor);
    record.set_block(state.position.block);
    record.set_block_unix_s(state.position.block_unix_s);
    record.set_head_block(state.position.head_block);
    record.set_head_hash(text_of(state.position.head_hash));
    for (const std::uint64_t count : state.counts) record.add_counts(count);
    return record.SerializeAsString();
}

Result<ListState> decode_list_state(std::string_view payload) {
    records::ListState record;
    ListState state;
    ListIdentity identity;
    if (!record.ParseFromArray(payload.data(), static_cast<int>(payload.size())) ||
        record.counts_size() > listed_status_count || !read_bytes(record.core(), identity.core) ||
        !read_bytes(record.genesis(), identity.genesis) || !read_bytes(record.head_hash(), state.position.head_hash))
        return damaged("how far the chain was read");
    identity.chain_id = record.chain_id();
    identity.start_block = record.start_block();
    state.identity = identity;
    state.position.cursor = record.cursor();
    state.position.block = record.block();
    state.position.block_unix_s = record.block_unix_s();
    state.position.head_block = record.head_block();
    std::copy(record.counts().begin(), record.counts().end(), state.counts.begin());
    return state;
}

}  // namespace emeth::storage
