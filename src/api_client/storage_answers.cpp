#include "api_client/storage_answers.hpp"

#include <utility>

#include "runtime/json_fields.hpp"

namespace emeth::api_client {
namespace {

constexpr std::size_t url_bytes_max = 4'096;
constexpr std::size_t name_bytes_max = 256;

/// `value`, unless a field was wrong.
template <class Value>
Result<Value> checked(const JsonObject& fields, Value value) {
    if (Result<void> check = fields.check(); check.has_error()) return check.error();
    return value;
}

std::vector<std::string> read_part_urls(JsonObject by_index, std::uint64_t first, std::uint64_t end) {
    std::vector<std::string> urls;
    for (std::uint64_t index = first; index < end; ++index)
        urls.push_back(by_index.string(std::to_string(index), url_bytes_max));
    return urls;
}

}  // namespace

Result<std::uint64_t> read_size(const boost::json::value& answer) {
    JsonObject fields(answer, "sizeOf's answer");
    const std::uint64_t bytes = fields.u64("result");
    return checked(fields, bytes);
}

Result<std::string> read_signed_url(const boost::json::value& answer, std::string_view what) {
    JsonObject fields(answer, what);
    std::string url = fields.string("url", url_bytes_max);
    return checked(fields, std::move(url));
}

Result<OpenedUpload> read_upload_page(const boost::json::value& answer, std::uint32_t first, std::uint32_t parts) {
    JsonObject fields(answer, "getPutSignedUrls' answer");
    OpenedUpload upload;
    upload.upload_id = fields.string("uploadId", name_bytes_max);
    upload.file_name = fields.string("fileName", name_bytes_max);
    const std::uint64_t end = fields.optional_u64("nextPart", first + 1, parts - 1).value_or(parts);
    upload.urls = read_part_urls(fields.object("urls"), first, end);
    return checked(fields, std::move(upload));
}

Result<DatasetAnswer> read_dataset_answer(const boost::json::value& answer, std::uint32_t parts) {
    JsonObject fields(answer, "signed-put-url's answer");
    DatasetAnswer read;
    read.file_name = fields.string("fileName", name_bytes_max);
    if (fields.has("url")) read.url = fields.string("url", url_bytes_max);
    if (Result<void> check = fields.check(); check.has_error()) return check.error();
    if (!fields.has("urls")) return read;
    Result<OpenedUpload> upload = read_upload_page(answer, 0, parts);
    if (upload.has_error()) return upload.error();
    read.upload = std::move(*upload);
    return read;
}

Result<ArtifactStore::UploadState> read_upload_state(const boost::json::value& answer) {
    JsonObject fields(answer, "the upload's state");
    ArtifactStore::UploadState state;
    state.bytes = fields.u64("bytes");
    state.sha256 = fields.optional_fixed<Hash256>("sha256");
    state.completed = fields.boolean("completed");
    return checked(fields, state);
}

Result<StorageApiClient::ResultLocation> read_result_location(const boost::json::value& answer) {
    JsonObject fields(answer, "signed-result-url's answer");
    StorageApiClient::ResultLocation location;
    location.url = fields.string("url", url_bytes_max);
    location.bytes = fields.u64("bytes");
    if (fields.has("storedAt")) location.stored_at_unix_s = fields.i64("storedAt", 0);
    return checked(fields, std::move(location));
}

}  // namespace emeth::api_client
