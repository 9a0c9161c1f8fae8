// Why the verifier rejected a result, as the Storage API keeps it for whoever asks: an extension of ours, since the
// contract's rejectResult says nothing of it. The wire form is in docs/PROTOCOL.md.
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cstddef>
#include <string>
#include <string_view>

#include "runtime/result.hpp"
#include "statemachine/types.hpp"

namespace emeth::api_client {

inline constexpr std::string_view put_verdict_reason_path = "/api/v1/verifier/verdict-reason";
/// GET; append ?jobId=0x….
inline constexpr std::string_view verdict_reason_path = "/api/v1/verdict-reason";

inline constexpr std::size_t verdict_reason_bytes_max = 1'024;

struct VerdictReason {
    Hash256 submit_block;  ///< of the submit that was judged; a reorganisation may have put it into another block since
    std::string text;      ///< one line of UTF-8, not empty, of at most verdict_reason_bytes_max bytes

    friend bool operator==(const VerdictReason&, const VerdictReason&) = default;
};

/// Whether `text` may be a reason: see VerdictReason.
bool is_verdict_reason(std::string_view text);

/// {jobId, submitBlock, reason}.
boost::json::object to_json(const JobId& job, const VerdictReason& reason);

/// Of an answer that nobody need believe: whatever the text is, it becomes a reason's. An Error if it is empty or of
/// another JOB; `what` names the answer in it.
Result<VerdictReason> read_verdict_reason(const boost::json::value& answer, const JobId& job, std::string_view what);

}  // namespace emeth::api_client
