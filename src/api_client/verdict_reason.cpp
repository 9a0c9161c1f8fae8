#include "api_client/verdict_reason.hpp"

#include "runtime/json_fields.hpp"
#include "runtime/utf8.hpp"

namespace emeth::api_client {
namespace {

constexpr std::string_view job_key = "jobId", block_key = "submitBlock", reason_key = "reason";
constexpr std::size_t text_read_max = 64 << 10;

}  // namespace

bool is_verdict_reason(std::string_view text) {
    return !text.empty() && text.size() <= verdict_reason_bytes_max && one_line(text) == text;
}

boost::json::object to_json(const JobId& job, const VerdictReason& reason) {
    return {{job_key, job.hex()}, {block_key, reason.submit_block.hex()}, {reason_key, reason.text}};
}

Result<VerdictReason> read_verdict_reason(const boost::json::value& answer, const JobId& job, std::string_view what) {
    JsonObject fields(answer, what);
    if (fields.fixed<JobId>(job_key) != job) fields.reject(job_key, job.hex());
    VerdictReason reason;
    reason.submit_block = fields.fixed<Hash256>(block_key);
    reason.text = one_line(fields.string(reason_key, text_read_max), verdict_reason_bytes_max);
    if (reason.text.empty()) fields.reject(reason_key, "a text that is not empty");
    if (auto check = fields.check(); check.has_error()) return check.error();
    return reason;
}

}  // namespace emeth::api_client
