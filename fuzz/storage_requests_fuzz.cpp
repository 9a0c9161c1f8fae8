// Bodies of requests to the Storage API: any text is refused with an Error that names the field, or gives values within
// their bounds, which a request that is written of them gives again.
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "fuzz/property.hpp"
#include "network/storage_api/object_names.hpp"
#include "network/storage_api/storage_requests.hpp"
#include "network/storage_api/upload_size.hpp"
#include "statemachine/upload_parts.hpp"

namespace {

using namespace emeth;
using namespace emeth::network;
using emeth::fuzz::require;
namespace json = boost::json;

constexpr std::size_t body_bytes_max = 2 << 20;  // of the endpoint that takes most

json::value rewritten(const json::object& object) {
    return parse_json(json_text(object), body_bytes_max, "it").value();
}

/// Whether the request is well-formed; a refusal names the request.
bool is_accepted(const JsonObject& fields) {
    const Result<void> check = fields.check();
    require(check.has_value() || check.error().message.starts_with("the request"), "an error says what it is about");
    return check.has_value();
}

json::object signed_again(const SignedRequest& asked) {
    return {{"sig", asked.signature},
            {"address", asked.address.hex()},
            {"jobId", asked.job.hex()},
            {"signedtime", asked.signed_at_ms}};
}

void check_signed(const json::value& body) {
    const SignedRequest asked(body);
    if (!is_accepted(asked.fields)) return;
    const json::value text = rewritten(signed_again(asked));
    const SignedRequest again(text);
    require(is_accepted(again.fields) && again.signature == asked.signature && again.address == asked.address &&
                again.job == asked.job && again.signed_at_ms == asked.signed_at_ms && again.digest == asked.digest,
            "a signed request is the same after it was written again");
}

void check_lengths(const UploadSize& size) {
    require(size.parts >= 1 && size.parts <= upload_parts_max, "an upload has a bounded number of parts");
    require(size.last_part.bytes_max <= upload_part_bytes, "a part is at most as long as a full one");
    require(size.bytes_max() <= size.parts * upload_part_bytes, "an upload is bounded");
    for (const std::uint32_t part : {std::uint32_t{1}, size.parts}) {
        const PartLength length = size.length_of(part);
        require(PartLength::parse(length.text()) == length, "a part's length is the same, read from its text");
        require(length.allows(length.bytes_max) && !length.allows(length.bytes_max + 1), "a part has a longest length");
    }
}

void check_opening(const json::value& body) {
    SignedRequest asked(body);
    const std::string extension = read_extension(asked.fields);
    const std::optional<Hash256> sha256 = read_digest(asked.fields, extension);
    const UploadSize size = read_upload_size(asked.fields);
    if (!is_accepted(asked.fields)) return;
    require(is_extension(extension), "an upload has an extension");
    check_lengths(size);
    json::object written = signed_again(asked);
    written["extension"] = extension;
    if (sha256) written["sha256"] = sha256->hex();
    written["partNum"] = *body.as_object().if_contains("partNum");
    if (size.last_part.is_exact) written["bytes"] = size.bytes_max();
    const json::value text = rewritten(written);
    SignedRequest again(text);
    require(read_extension(again.fields) == extension && read_digest(again.fields, extension) == sha256 &&
                read_upload_size(again.fields) == size && is_accepted(again.fields),
            "an opening is the same after it was written again");
}

void check_completion(const json::value& body) {
    JsonObject fields(body, "the request");
    const std::string upload_id = read_upload_id(fields);
    const std::vector<std::string> etags = read_etags(fields);
    if (!is_accepted(fields)) return;
    require(etags.size() <= upload_parts_max, "a completion has a bounded number of parts");
    json::array parts;
    for (const std::string& etag : etags) parts.push_back({{"ETag", etag}, {"PartNumber", parts.size() + 1}});
    const json::value text = rewritten({{"uploadId", upload_id}, {"parts", std::move(parts)}});
    JsonObject again(text, "the request");
    require(read_upload_id(again) == upload_id && read_etags(again) == etags && is_accepted(again),
            "a completion is the same after it was written again");
}

void check_reason(const json::value& body) {
    SignedRequest asked(body);
    const api_client::VerdictReason reason = read_new_reason(asked.fields);
    if (!is_accepted(asked.fields)) return;
    require(api_client::is_verdict_reason(reason.text), "a reason that is taken may be kept");
    const auto kept = api_client::read_verdict_reason(rewritten(to_json(asked.job, reason)), asked.job, "it");
    require(kept.has_value() && *kept == reason, "a reason is told as it was taken");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto body = parse_json(fuzz::text_of(data, size), body_bytes_max, "the request");
    if (body.has_error()) return 0;
    check_signed(*body);
    check_opening(*body);
    check_completion(*body);
    check_reason(*body);
    return 0;
}
