// Records to protobuf bytes and back. decode_* errors (permanent) name the field; fields written by a newer emeth that
// this one does not know are ignored.
#pragma once

#include <string>
#include <string_view>

#include "runtime/result.hpp"
#include "statemachine/job.hpp"
#include "storage/job_store.hpp"
#include "storage/notes.hpp"

namespace emeth::storage {

std::string encode_job(const statemachine::Job& job);
Result<statemachine::Job> decode_job(std::string_view bytes);
/// "lease, retry": the fields whose encoded bytes differ between the two JOB records.
std::string differing_fields(const statemachine::Job& left, const statemachine::Job& right);

std::string encode_history(const HistoryEntry& entry);
Result<HistoryEntry> decode_history(std::string_view bytes);

std::string encode_outbox(const OutboxEntry& entry);
Result<OutboxEntry> decode_outbox(std::string_view bytes);

/// A replacement with its position in the outbox.
struct NumberedReplacement {
    std::uint64_t nonce = 0;
    std::uint32_t number = 0;
    Replacement replacement;
};
std::string encode_replacement(const NumberedReplacement& numbered);
Result<NumberedReplacement> decode_replacement(std::string_view bytes);

std::string encode_cursor(std::string_view value);
Result<std::string> decode_cursor(std::string_view bytes);

std::string encode_refusal(const RefusedJob& refusal);
Result<RefusedJob> decode_refusal(std::string_view bytes);

}  // namespace emeth::storage
