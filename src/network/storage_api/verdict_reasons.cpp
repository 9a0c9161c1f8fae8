#include "network/storage_api/verdict_reasons.hpp"

#include "network/storage_api/object_names.hpp"
#include "runtime/durable_file.hpp"
#include "runtime/json_fields.hpp"

namespace emeth::network {
namespace {

constexpr std::size_t file_bytes_max = 16 << 10;
constexpr std::string_view time_key = "signedtime";

}  // namespace

std::filesystem::path VerdictReasons::file_of(const JobId& job) const {
    return store_.verdicts() / (plain_hex(job) + ".json");
}

OrRefusal<void> VerdictReasons::put(const JobId& job, const SignedReason& reason) {
    const OrRefusal<std::optional<SignedReason>> present = find(job);
    if (present.has_error()) return present.error();
    if (*present && (*present)->signed_at_ms > reason.signed_at_ms)
        return http::conflict("the verifier has since signed another reason for this JOB");
    boost::json::object content = to_json(job, reason.reason);
    content[time_key] = reason.signed_at_ms;
    return store_.write_small(file_of(job), json_text(content), {});
}

OrRefusal<std::optional<SignedReason>> VerdictReasons::find(const JobId& job) const {
    const std::filesystem::path file = file_of(job);
    if (!file_bytes(file)) return std::optional<SignedReason>();
    const Result<std::string> text = read_file(file, file_bytes_max);
    if (text.has_error()) return disk_refusal(text.error());
    const auto content = parse_json(*text, file_bytes_max, file.string());
    if (content.has_error()) return disk_refusal(content.error());
    const auto reason = api_client::read_verdict_reason(*content, job, file.string());
    if (reason.has_error()) return disk_refusal(reason.error());
    JsonObject fields(*content, file.string());
    const SignedReason found{*reason, fields.i64(time_key)};
    if (const Result<void> check = fields.check(); check.has_error()) return disk_refusal(check.error());
    return std::optional(found);
}

}  // namespace emeth::network
