#include "network/storage_api/s3/s3_client.hpp"

#include <fmt/format.h>

#include <cassert>
#include <limits>
#include <utility>

#include "http/date.hpp"
#include "network/storage_api/s3/s3_error.hpp"
#include "runtime/parse_number.hpp"

namespace emeth::network::s3 {
namespace {

constexpr Milliseconds usual_timeout{30'000};
constexpr Milliseconds completion_timeout{600'000};

std::optional<S3Failure> failure_of(const http::ClientResponse& response) {
    return http::is_success(response.status) ? std::nullopt : read_failure(response.body);
}

bool failed_with(const http::ClientResponse& response, std::string_view code) {
    const std::optional<S3Failure> failure = failure_of(response);
    return failure && failure->code == code;
}

std::string header_of(const http::ClientResponse& response, const char* name) {
    const auto header = response.headers.find(name);
    return header == response.headers.end() ? std::string() : header->second;
}

/// Of an answer to HEAD.
Result<std::optional<S3Object>> read_object(std::string key, const http::ClientResponse& response) {
    const auto bytes = parse_number<std::uint64_t>(header_of(response, "content-length"));
    const auto modified = http::parse_date(header_of(response, "last-modified"));
    std::string etag = unquoted_etag(header_of(response, "etag"));
    if (!bytes || !modified || !is_etag(etag))
        return transient_error(fmt::format(
            "HeadObject's answer for {} lacks a Content-Length, a Last-Modified or an ETag as HTTP has them", key));
    return S3Object{std::move(key), *bytes, *modified, std::move(etag)};
}

}  // namespace

struct S3Client::Operation {
    std::string name;  ///< as S3 calls it
    std::string method;
    std::optional<std::string> key{};  ///< none: of the bucket
    Query query{};
    std::string body{};
    Milliseconds timeout = usual_timeout;
};

S3Client::S3Client(S3Settings settings, Clock& clock) : settings_(std::move(settings)), clock_(clock) {}

http::Url S3Client::url_of(std::string_view key) const {
    return settings_.endpoint.at(encoded_path(fmt::format("/{}/{}{}", settings_.bucket, settings_.prefix, key)));
}

Error S3Client::to_error(std::string_view name, const http::ClientResponse& response) const {
    const std::string what =
        fmt::format("{} in the bucket {} at {}", name, settings_.bucket, settings_.endpoint.origin());
    return s3::to_error(what, response, clock_.unix_ms() / 1'000);
}

Task<Result<http::ClientResponse>> S3Client::exchange(Operation operation) {
    http::ClientRequest request;
    request.method = operation.method;
    request.url = operation.key ? url_of(*operation.key) : settings_.endpoint.at(encoded_path("/" + settings_.bucket));
    request.body = std::move(operation.body);
    request.timeout = operation.timeout;
    request.response_bytes_max = answer_bytes_max;
    sign(request, operation.query, settings_.credentials, settings_.region, clock_.unix_ms() / 1'000);
    auto asking = http::request(std::move(request));
    Result<http::ClientResponse> response = co_await std::move(asking);
    if (response.has_error()) co_return in_context("the object store", response.error());
    co_return response;
}

Task<Result<ObjectPage>> S3Client::list(std::string under, std::string after) {
    Operation operation{"ListObjectsV2", "GET"};
    operation.query = {
        {"list-type", "2"}, {"max-keys", std::to_string(page_entries_max)}, {"prefix", settings_.prefix + under}};
    if (!after.empty()) operation.query["start-after"] = settings_.prefix + after;
    auto asking = exchange(operation);
    const Result<http::ClientResponse> response = co_await std::move(asking);
    if (response.has_error()) co_return response.error();
    if (!http::is_success(response->status)) co_return to_error(operation.name, *response);

    Result<ObjectPage> page = read_object_page(response->body);
    if (page.has_error()) co_return page;
    for (S3Object& object : page->objects) {
        if (!object.key.starts_with(settings_.prefix + under))
            co_return transient_error(
                fmt::format("ListObjectsV2's answer has a key without the prefix {}{}", settings_.prefix, under));
        object.key.erase(0, settings_.prefix.size());
    }
    if (!page->objects.empty() && page->objects.front().key <= after)
        co_return transient_error("ListObjectsV2's answer has a key that is not after the one that was named");
    co_return page;
}

Task<Result<std::optional<S3Object>>> S3Client::head(std::string key) {
    Operation operation{"HeadObject", "HEAD", key};
    auto asking = exchange(operation);
    const Result<http::ClientResponse> response = co_await std::move(asking);
    if (response.has_error()) co_return response.error();
    if (response->status == 404) co_return std::optional<S3Object>();
    if (!http::is_success(response->status)) co_return to_error(operation.name, *response);
    co_return read_object(std::move(key), *response);
}

Task<Result<std::string>> S3Client::open_upload(std::string key) {
    Operation operation{"CreateMultipartUpload", "POST", std::move(key)};
    operation.query = {{"uploads", ""}};
    auto asking = exchange(operation);
    const Result<http::ClientResponse> response = co_await std::move(asking);
    if (response.has_error()) co_return response.error();
    if (!http::is_success(response->status)) co_return to_error(operation.name, *response);
    co_return read_initiated_upload(response->body);
}

Task<Result<std::optional<std::vector<S3Part>>>> S3Client::parts(std::string key, std::string upload_id) {
    std::vector<S3Part> parts;
    for (bool is_last = false; !is_last;) {
        Operation operation{"ListParts", "GET", key};
        operation.query = {{"uploadId", upload_id}, {"max-parts", std::to_string(page_entries_max)}};
        if (!parts.empty()) operation.query["part-number-marker"] = std::to_string(parts.back().number);
        auto asking = exchange(operation);
        const Result<http::ClientResponse> response = co_await std::move(asking);
        if (response.has_error()) co_return response.error();
        if (failed_with(*response, "NoSuchUpload")) co_return std::optional<std::vector<S3Part>>();
        if (!http::is_success(response->status)) co_return to_error(operation.name, *response);
        Result<PartPage> page = read_part_page(response->body);
        if (page.has_error()) co_return page.error();
        // Numbers rise from page to page, so part_number_max bounds the loop.
        if (!parts.empty() && !page->parts.empty() && page->parts.front().number <= parts.back().number)
            co_return transient_error("ListParts' answer has a part that is not after the one that was named");
        parts.insert(parts.end(), page->parts.begin(), page->parts.end());
        is_last = !page->is_truncated;
    }
    co_return std::optional(std::move(parts));
}

Task<Result<std::string>> S3Client::complete(std::string key, std::string upload_id, std::vector<CompletedPart> parts) {
    Operation operation{"CompleteMultipartUpload", "POST", std::move(key)};
    operation.query = {{"uploadId", upload_id}};
    operation.body = completion_body(parts);
    operation.timeout = completion_timeout;
    auto asking = exchange(operation);
    const Result<http::ClientResponse> response = co_await std::move(asking);
    if (response.has_error()) co_return response.error();
    if (!http::is_success(response->status) || read_failure(response->body))
        co_return to_error(operation.name, *response);
    co_return read_completed_upload(response->body);
}

Task<Result<void>> S3Client::abort(std::string key, std::string upload_id) {
    Operation operation{"AbortMultipartUpload", "DELETE", std::move(key)};
    operation.query = {{"uploadId", upload_id}};
    auto asking = exchange(operation);
    const Result<http::ClientResponse> response = co_await std::move(asking);
    if (response.has_error()) co_return response.error();
    // Swift says NoSuchKey of an upload that has become an object.
    if (http::is_success(response->status) || failed_with(*response, "NoSuchUpload") ||
        failed_with(*response, "NoSuchKey"))
        co_return Result<void>{};
    co_return to_error(operation.name, *response);
}

Task<Result<void>> S3Client::remove(std::string key) {
    Operation operation{"DeleteObject", "DELETE", std::move(key)};
    auto asking = exchange(operation);
    const Result<http::ClientResponse> response = co_await std::move(asking);
    if (response.has_error()) co_return response.error();
    if (http::is_success(response->status) || failed_with(*response, "NoSuchKey")) co_return Result<void>{};
    co_return to_error(operation.name, *response);
}

std::string S3Client::presigned_get(std::string_view key, std::int64_t now_unix_s, std::int64_t valid_s) const {
    const PresignedRequest request{"GET", url_of(key), {}};
    return presigned_url(settings_.credentials, settings_.region, request, now_unix_s, valid_s);
}

std::string S3Client::presigned_put_part(std::string_view key, std::string_view upload_id, std::uint32_t number,
                                         std::optional<std::uint64_t> bytes, std::int64_t now_unix_s,
                                         std::int64_t valid_s) const {
    assert(number >= 1 && number <= part_number_max);
    const PresignedRequest request{
        "PUT", url_of(key), {{"partNumber", std::to_string(number)}, {"uploadId", std::string(upload_id)}}, bytes};
    return presigned_url(settings_.credentials, settings_.region, request, now_unix_s, valid_s);
}

}  // namespace emeth::network::s3
