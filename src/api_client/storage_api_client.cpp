#include "api_client/storage_api_client.hpp"

#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <iterator>
#include <utility>

#include "api_client/storage_answers.hpp"
#include "api_client/storage_digests.hpp"
#include "crypto/api_signature.hpp"
#include "runtime/json_fields.hpp"
#include "runtime/waiting.hpp"
#include "statemachine/upload_parts.hpp"

namespace emeth::api_client {

namespace {

namespace json = boost::json;

/// Fewer than upload_parts_max URLs of 4 KiB; a longer answer is refused unread.
constexpr std::size_t answer_bytes_max = 16 << 20;
constexpr std::size_t reason_answer_bytes_max = 128 << 10;

/// Our own server needs ten for the largest upload.
constexpr std::uint32_t upload_pages_max = 100;

constexpr std::string_view storage = "the Storage API";

constexpr Milliseconds exchange_timeout{10'000};
/// The server needs as long to join and hash the parts of an artifact as its disk takes.
constexpr Milliseconds joining_timeout{600'000};

http::ClientRequest json_request(const http::Url& base, std::string_view path, const json::object& body,
                                 Milliseconds timeout) {
    http::ClientRequest request;
    request.method = "POST";
    request.url = base.at(path);
    request.headers["content-type"] = "application/json";
    request.body = json_text(body);
    request.timeout = timeout;
    request.response_bytes_max = answer_bytes_max;
    return request;
}

/// Anything other than a 2xx with a JSON body is an Error.
Result<json::value> read_answer(std::string_view path, const http::ClientResponse& response) {
    if (!http::is_success(response.status)) return http::status_error(fmt::format("{} ({})", storage, path), response);
    return parse_json(response.body, answer_bytes_max, fmt::format("{}'s answer to {}", storage, path));
}

/// By the name that S3 has for it, or in our own words.
bool says_no_such_upload(const http::ClientResponse& response) {
    return response.status == 404 && (response.body.find("no such upload") != std::string::npos ||
                                      response.body.find("NoSuchUpload") != std::string::npos);
}

bool is_unknown(const http::ClientResponse& response) {
    return response.status == 404 || response.status == 405 || response.status == 501;
}

/// As opposed to our own server, which knows the endpoint and says what it misses.
bool has_no_such_endpoint(const http::ClientResponse& response) {
    return is_unknown(response) && !says_no_such_upload(response) &&
           response.body.find("there is no JOB") == std::string::npos;
}

/// Only an explicit answer ends an upload: 404 for no such upload, and what is wrong with its parts (400, 409).
/// Anything else may come from a proxy, a clock that is off or a server under repair, and the parts are still there.
Result<json::value> read_answer_about_upload(std::string_view path, const http::ClientResponse& response) {
    Result<json::value> answer = read_answer(path, response);
    if (answer.has_value() || says_no_such_upload(response) || response.status == 400 || response.status == 409)
        return answer;
    return transient_error(answer.error().message);
}

}  // namespace

StorageApiClient::StorageApiClient(http::Url base_url, const crypto::PrivateKey& key, Clock& clock)
    : base_url_(std::move(base_url)), key_(key), own_time_(std::in_place, clock), time_(*own_time_) {}

StorageApiClient::StorageApiClient(http::Url base_url, const crypto::PrivateKey& key, NetworkClock& time)
    : base_url_(std::move(base_url)), key_(key), time_(time) {}

json::object StorageApiClient::signed_body(const JobId& job, const Hash256& digest, std::int64_t signed_at_ms) const {
    return {{"sig", key_.sign(digest).hex()},
            {"address", key_.address().hex()},
            {"jobId", job.hex()},
            {"signedtime", signed_at_ms}};
}

json::object StorageApiClient::signed_body(const JobId& job, std::int64_t now_ms) const {
    return signed_body(job, crypto::job_request_digest(job, now_ms), now_ms);
}

/// Every answer, also one that refuses a signature, says what time it is there.
Task<Result<http::ClientResponse>> StorageApiClient::exchange(http::ClientRequest request) {
    const std::string path = request.url.target.substr(0, request.url.target.find('?'));
    const Waiting waiting(fmt::format("{} {} ({})", storage, base_url_.origin(), path));
    const Milliseconds sent = time_.monotonic();
    Result<http::ClientResponse> response = co_await http::request(std::move(request));
    if (response.has_value()) time_.answered(ClockOffset::Server::storage_api, response->headers, sent);
    co_return response;
}

Task<Result<http::ClientResponse>> StorageApiClient::send(std::string_view path, json::object body,
                                                          Milliseconds timeout) {
    http::ClientRequest request = json_request(base_url_, path, body, timeout);
    co_return co_await exchange(std::move(request));
}

Task<Result<json::value>> StorageApiClient::post(std::string_view path, json::object body) {
    const auto response = co_await send(path, std::move(body), exchange_timeout);
    if (response.has_error()) co_return response.error();
    co_return read_answer(path, *response);
}

Task<Result<std::uint64_t>> StorageApiClient::dataset_bytes(std::string dataset) {
    http::ClientRequest request;
    request.url = base_url_.at(fmt::format("{}?key={}", size_of_path, http::percent_encoded("dataset/" + dataset)));
    const auto response = co_await exchange(std::move(request));
    if (response.has_error()) co_return response.error();
    if (response->status != 200)
        co_return http::status_error(fmt::format("{} (size of dataset '{}')", storage, dataset), *response);
    const auto answer = parse_json(response->body, answer_bytes_max, "sizeOf's answer");
    if (answer.has_error()) co_return answer.error();
    co_return read_size(*answer);
}

Task<Result<std::string>> StorageApiClient::dataset_url(JobId job) {
    json::object body = signed_body(job, time_.signing_unix_ms());
    const auto answer = co_await post(signed_get_url_path, std::move(body));
    if (answer.has_error()) co_return answer.error();
    co_return read_signed_url(*answer, "signed-get-url's answer");
}

Task<Result<OpenedUpload>> StorageApiClient::upload_page(JobId job, statemachine::WorkerFile file,
                                                         std::string extension, std::optional<std::string> upload_id,
                                                         std::uint32_t first) {
    const std::uint32_t parts = upload_parts_of(file.bytes);
    json::object body = signed_body(job, time_.signing_unix_ms());
    body["partNum"] = parts;
    body["extension"] = extension;
    body["bytes"] = file.bytes;
    if (extension != evidence_extension) body["sha256"] = file.sha256.hex();
    if (upload_id) body["uploadId"] = *upload_id;
    if (first > 0) body["firstPart"] = first;
    const auto response = co_await send(open_upload_path, std::move(body), exchange_timeout);
    if (response.has_error()) co_return response.error();
    const auto answer =
        upload_id ? read_answer_about_upload(open_upload_path, *response) : read_answer(open_upload_path, *response);
    // A copy of the request was there first, perhaps somebody else's: another signature opens another upload.
    if (!upload_id && response->status == 409) co_return transient_error(answer.error().message);
    if (answer.has_error()) co_return answer.error();
    co_return read_upload_page(*answer, first, parts);
}

Task<Result<OpenedUpload>> StorageApiClient::open_upload(JobId job, statemachine::WorkerFile file,
                                                         std::string extension, std::optional<std::string> upload_id) {
    auto asking = upload_page(job, file, extension, std::move(upload_id), 0);
    Result<OpenedUpload> first_page = co_await std::move(asking);
    if (first_page.has_error()) co_return first_page;
    auto gathering = other_pages(job, file, std::move(extension), std::move(*first_page));
    co_return co_await std::move(gathering);
}

Task<Result<OpenedUpload>> StorageApiClient::other_pages(JobId job, statemachine::WorkerFile file,
                                                         std::string extension, OpenedUpload upload) {
    const std::uint32_t parts = upload_parts_of(file.bytes);
    for (std::uint32_t pages = 1; upload.urls.size() < parts; ++pages) {
        const auto first = static_cast<std::uint32_t>(upload.urls.size());
        if (pages == upload_pages_max)
            co_return permanent_error(
                fmt::format("{} gave the URLs of {} of {} parts in {} answers, and no more are asked for", storage,
                            first, parts, pages));
        auto asking_on = upload_page(job, file, extension, upload.upload_id, first);
        Result<OpenedUpload> page = co_await std::move(asking_on);
        if (page.has_error()) co_return page;
        if (page->upload_id != upload.upload_id || page->file_name != upload.file_name)
            co_return permanent_error(fmt::format(
                "{} answered about another upload when it was asked for the URLs from part {} on", storage, first + 1));
        std::move(page->urls.begin(), page->urls.end(), std::back_inserter(upload.urls));
    }
    co_return upload;
}

Task<Result<void>> StorageApiClient::complete_upload(JobId job, std::string upload_id,
                                                     std::map<std::uint32_t, std::string> etags,
                                                     std::string extension) {
    json::array parts;
    for (const auto& [number, etag] : etags) parts.emplace_back(json::object{{"ETag", etag}, {"PartNumber", number}});
    json::object body{{"address", key_.address().hex()},
                      {"jobId", job.hex()},
                      {"parts", std::move(parts)},
                      {"uploadId", upload_id},
                      {"extension", extension}};
    const auto response = co_await send(complete_upload_path, std::move(body), joining_timeout);
    if (response.has_error()) co_return response.error();
    const auto answer = read_answer_about_upload(complete_upload_path, *response);
    if (answer.has_error()) co_return answer.error();
    co_return Result<void>{};
}

Task<Result<std::optional<ArtifactStore::UploadState>>> StorageApiClient::upload_state(JobId job,
                                                                                       std::string upload_id) {
    const auto now_ms = time_.signing_unix_ms();
    json::object body = signed_body(job, upload_state_digest(job, upload_id, now_ms), now_ms);
    body["uploadId"] = upload_id;
    const auto response = co_await send(upload_state_path, std::move(body), joining_timeout);
    if (response.has_error()) co_return response.error();
    if (has_no_such_endpoint(*response)) co_return std::optional<UploadState>();
    const auto answer = read_answer_about_upload(upload_state_path, *response);
    if (answer.has_error()) co_return answer.error();
    const auto state = read_upload_state(*answer);
    if (state.has_error()) co_return transient_error(state.error().message);
    co_return std::optional(*state);
}

Task<Result<std::optional<StorageApiClient::ResultLocation>>> StorageApiClient::result_url(JobId job,
                                                                                           std::string extension) {
    const auto now_ms = time_.signing_unix_ms();
    json::object body = signed_body(job, result_url_digest(job, extension, now_ms), now_ms);
    body["extension"] = extension;
    const auto response = co_await send(signed_result_url_path, std::move(body), exchange_timeout);
    if (response.has_error()) co_return response.error();
    if (response->status == 404) co_return std::optional<ResultLocation>{};
    const auto answer = read_answer(signed_result_url_path, *response);
    if (answer.has_error()) co_return answer.error();
    auto location = read_result_location(*answer);
    if (location.has_error()) co_return location.error();
    co_return std::optional(std::move(*location));
}

Task<Result<std::optional<VerdictReason>>> StorageApiClient::verdict_reason(JobId job) {
    http::ClientRequest request;
    request.url = base_url_.at(fmt::format("{}?jobId={}", verdict_reason_path, job.hex()));
    request.timeout = exchange_timeout;
    request.response_bytes_max = reason_answer_bytes_max;
    const auto response = co_await exchange(std::move(request));
    if (response.has_error()) co_return response.error();
    if (is_unknown(*response)) co_return std::optional<VerdictReason>();
    const auto answer = read_answer(verdict_reason_path, *response);
    if (answer.has_error()) co_return answer.error();
    auto reason = read_verdict_reason(*answer, job, "the verdict's reason");
    if (reason.has_error()) co_return reason.error();
    co_return std::optional(std::move(*reason));
}

Task<Result<void>> StorageApiClient::put_verdict_reason(JobId job, VerdictReason reason) {
    const auto now_ms = time_.signing_unix_ms();
    json::object body = signed_body(job, verdict_reason_digest(job, reason.submit_block, reason.text, now_ms), now_ms);
    for (const json::key_value_pair& field : to_json(job, reason)) body[field.key()] = field.value();
    const auto answer = co_await post(put_verdict_reason_path, std::move(body));
    if (answer.has_error()) co_return answer.error();
    co_return Result<void>{};
}

}  // namespace emeth::api_client
