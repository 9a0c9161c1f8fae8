// Answers of the Storage API: any text is refused with an error that names the field, or gives values that an answer,
// written again, gives too.
#include <boost/json/object.hpp>
#include <cstdint>
#include <string>

#include "api_client/storage_answers.hpp"
#include "api_client/verdict_reason.hpp"
#include "fuzz/property.hpp"
#include "runtime/json_fields.hpp"

namespace {

using namespace emeth::api_client;
using emeth::fuzz::require;
namespace json = boost::json;

json::value rewritten(const json::object& object) {
    return emeth::parse_json(emeth::json_text(object), 1 << 20, "it").value();
}

/// The second page of three URLs.
void check_upload(const json::value& answer) {
    constexpr std::uint32_t first = 1, parts = 3;
    const auto upload = read_upload_page(answer, first, parts);
    if (upload.has_error()) return;
    require(!upload->urls.empty() && upload->urls.size() <= parts - first, "a page brings some of what is missing");
    json::object page{{"uploadId", upload->upload_id}, {"fileName", upload->file_name}};
    json::object urls;
    for (std::size_t i = 0; i < upload->urls.size(); ++i) urls[std::to_string(first + i)] = upload->urls[i];
    page["urls"] = std::move(urls);
    if (first + upload->urls.size() < parts) page["nextPart"] = first + upload->urls.size();
    const auto again = read_upload_page(rewritten(page), first, parts);
    require(again.has_value() && again->upload_id == upload->upload_id && again->file_name == upload->file_name &&
                again->urls == upload->urls,
            "an upload is the same after it was written again");
}

void check_result(const json::value& answer) {
    const auto location = read_result_location(answer);
    if (location.has_error()) return;
    json::object object{{"url", location->url}, {"bytes", location->bytes}};
    if (location->stored_at_unix_s) object["storedAt"] = *location->stored_at_unix_s;
    const auto again = read_result_location(rewritten(object));
    require(again.has_value() && again->url == location->url && again->bytes == location->bytes &&
                again->stored_at_unix_s == location->stored_at_unix_s,
            "a result's place is the same after it was written again");
}

void check_state(const json::value& answer) {
    const auto state = read_upload_state(answer);
    if (state.has_error()) return;
    json::object object{{"bytes", state->bytes}, {"completed", state->completed}};
    if (state->sha256) object["sha256"] = state->sha256->hex();
    const auto again = read_upload_state(rewritten(object));
    require(again.has_value() && again->bytes == state->bytes && again->sha256 == state->sha256 &&
                again->completed == state->completed,
            "an upload's state is the same after it was written again");
}

void check_dataset(const json::value& answer) {
    constexpr std::uint32_t parts = 3;
    const auto read = read_dataset_answer(answer, parts);
    if (read.has_error()) return;
    require(!read->upload || read->upload->urls.size() <= parts, "a page has no more URLs than the upload has parts");
}

void check_reason(const json::value& answer) {
    const emeth::JobId job;
    const auto reason = read_verdict_reason(answer, job, "the reason");
    if (reason.has_error()) return;
    require(is_verdict_reason(reason->text), "a reason that was read is one that may be given");
    const auto again = read_verdict_reason(rewritten(to_json(job, *reason)), job, "the reason");
    require(again.has_value() && *again == *reason, "a reason is the same after it was written again");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto answer = emeth::parse_json(emeth::fuzz::text_of(data, size), 1 << 20, "the answer");
    if (answer.has_error()) return 0;
    if (const auto bytes = read_size(*answer))
        require(read_size(rewritten({{"result", *bytes}})).value() == *bytes, "a size is the same when written again");
    if (const auto url = read_signed_url(*answer, "it"))
        require(read_signed_url(rewritten({{"url", *url}}), "it").value() == *url, "a URL is the same, written again");
    check_upload(*answer);
    check_result(*answer);
    check_dataset(*answer);
    check_state(*answer);
    check_reason(*answer);
    return 0;
}
