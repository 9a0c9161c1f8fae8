#include "network/storage_api/storage_requests.hpp"

#include <fmt/format.h>

#include "api_client/result_name.hpp"
#include "crypto/api_signature.hpp"
#include "network/storage_api/object_names.hpp"
#include "statemachine/upload_parts.hpp"

namespace emeth::network {
namespace {

using api_client::verdict_reason_bytes_max;

constexpr std::size_t signature_bytes_max = 132;
constexpr std::size_t upload_id_bytes_max = 64;
constexpr std::size_t etag_bytes_max = 80;

}  // namespace

SignedRequest::SignedRequest(const boost::json::value& body)
    : fields(body, "the request"),
      signature(fields.string("sig", signature_bytes_max)),
      address(fields.fixed<Address>("address")),
      job(fields.fixed<JobId>("jobId")),
      signed_at_ms(fields.i64("signedtime", 0)),
      digest(crypto::job_request_digest(job, signed_at_ms)) {}

std::string read_upload_id(JsonObject& fields) {
    return fields.string("uploadId", upload_id_bytes_max);
}

std::optional<std::string> read_known_upload_id(JsonObject& fields) {
    return fields.optional_string("uploadId", upload_id_bytes_max);
}

std::uint32_t read_first_part(JsonObject& fields, const UploadSize& size) {
    return static_cast<std::uint32_t>(fields.optional_u64("firstPart", 0, size.parts - 1).value_or(0));
}

std::string read_extension(JsonObject& fields) {
    std::string extension = fields.string("extension", extension_bytes_max);
    if (!is_extension(extension)) fields.reject("extension", "a dot and 1 to 16 letters or digits");
    return extension;
}

std::optional<Hash256> read_digest(JsonObject& fields, std::string_view extension) {
    if (!fields.has("sha256")) return std::nullopt;
    if (extension == api_client::evidence_extension) fields.reject("sha256", "none for evidence");
    return fields.fixed<Hash256>("sha256");
}

std::vector<std::string> read_etags(JsonObject& fields) {
    std::vector<std::string> etags;
    for (JsonObject& part : fields.objects("parts", upload_parts_max)) {
        etags.push_back(part.string("ETag", etag_bytes_max));
        if (part.u64("PartNumber", 1, upload_parts_max) != etags.size())
            part.reject("PartNumber", "1 for the first, and one more for each next");
    }
    return etags;
}

api_client::VerdictReason read_new_reason(JsonObject& fields) {
    api_client::VerdictReason reason;
    reason.submit_block = fields.fixed<Hash256>("submitBlock");
    reason.text = fields.string("reason", verdict_reason_bytes_max);
    if (!api_client::is_verdict_reason(reason.text))
        fields.reject("reason", fmt::format("one line of 1 to {} bytes", verdict_reason_bytes_max));
    return reason;
}

}  // namespace emeth::network
