#include <fmt/format.h>

#include <charconv>

#include "crypto/api_signature.hpp"
#include "network/storage_api/endpoints.hpp"
#include "network/storage_api/object_names.hpp"

namespace emeth::network {
namespace {

/// The name, digest and size that a dataset's PUT must deliver, as its signed path says.
std::string put_path(const std::string& name, const Hash256& sha256, std::uint64_t bytes) {
    return fmt::format("/objects/dataset/{}/{}/{}", name, plain_hex(sha256), bytes);
}

std::optional<std::uint64_t> parse_number(const std::string& text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

}  // namespace

void DatasetEndpoints::add_to(http::Server& server) {
    server.route("POST", "/api/v1/requester/signed-put-url", request_bytes_max,
                 [this](http::ServerRequest request) { return signed_put_url(std::move(request)); });
    server.route("POST", "/api/v1/node/signed-get-url", request_bytes_max,
                 [this](http::ServerRequest request) { return signed_get_url(std::move(request)); });
    server.route("GET", "/api/v1/sizeOf", 0,
                 [this](http::ServerRequest request) { return size_of(std::move(request)); });
    server.route("GET", "/objects/dataset/{name}", 0, [this](http::ServerRequest request) {
        return get_object(&services_, ObjectKind::dataset, std::move(request));
    });
    server.route_file(
        "PUT", "/objects/dataset/{name}/{sha256}/{bytes}", services_.store.limits().dataset_bytes_max,
        services_.store.incoming(), [this](http::ServerRequest request) { return put(std::move(request)); },
        [this](const http::ServerRequest& request) { return services_.check_url(request); });
}

Task<http::ServerResponse> DatasetEndpoints::signed_put_url(http::ServerRequest request) {
    auto permitting = permit_put(std::move(request.body));
    const Outcome<boost::json::value> outcome = co_await std::move(permitting);
    co_return to_response(outcome);
}

Task<Outcome<boost::json::value>> DatasetEndpoints::permit_put(std::string body) {
    const Outcome<boost::json::value> json = parse_body(body);
    if (json.has_error()) co_return json.error();
    JsonObject fields(*json, "the request");
    const SignedFields signed_fields = read_signed_fields(fields);
    const Hash256 sha256 = fields.fixed<Hash256>("sha256");
    const std::uint64_t bytes = fields.u64("bytes");
    if (const Result<void> check = fields.check(); check.has_error()) co_return malformed(check.error().message);
    const Hash256 digest = crypto::dataset_upload_digest(signed_fields.job, sha256, signed_fields.signed_at_ms);
    if (const Outcome<void> signer = check_signer(signed_fields, digest, services_.clock); signer.has_error())
        co_return signer.error();
    auto asking = check_writes_dataset(&services_.chain, signed_fields.job, signed_fields.address);
    const Outcome<void> allowed = co_await std::move(asking);
    if (allowed.has_error()) co_return allowed.error();

    const std::uint64_t bytes_max = services_.store.limits().dataset_bytes_max;
    if (bytes > bytes_max)
        co_return Refusal{413, fmt::format("a dataset of {} bytes is not taken; at most {} are", bytes, bytes_max)};
    const std::string object = dataset_name(signed_fields.job, signed_fields.address);
    const std::optional<std::uint64_t> present = services_.store.bytes_of(ObjectKind::dataset, object);
    if (present && *present != bytes)
        co_return conflict(fmt::format("dataset/{} is complete and cannot be replaced", object));
    if (!present) {
        const Outcome<void> space = services_.store.check_space(bytes);
        if (space.has_error()) co_return space.error();
    }
    const boost::json::value answer{{"url", services_.signed_url("PUT", put_path(object, sha256, bytes))},
                                    {"fileName", object}};
    co_return answer;
}

Task<http::ServerResponse> DatasetEndpoints::put(http::ServerRequest request) {
    auto storing = store_dataset(std::move(request));
    const Outcome<boost::json::value> outcome = co_await std::move(storing);
    co_return to_response(outcome);
}

Task<Outcome<boost::json::value>> DatasetEndpoints::store_dataset(http::ServerRequest request) {
    const std::string object = request.captures.at("name");
    const std::optional<Hash256> sha256 = Hash256::parse(request.captures.at("sha256"));
    const std::optional<std::uint64_t> bytes = parse_number(request.captures.at("bytes"));
    if (request.file->bytes != bytes || request.file->sha256 != sha256)
        co_return malformed(fmt::format("{} bytes of SHA-256 {} came; other ones were announced", request.file->bytes,
                                        request.file->sha256.hex()));
    const Claim claim(storing_, object);
    if (!claim.held()) co_return Refusal{503, "this dataset is being stored; try again"};
    auto work = [this, &object, &request] {
        return services_.store.publish(ObjectKind::dataset, object, request.file->path, request.file->sha256);
    };
    auto publishing = services_.pool.run(std::move(work));
    const Outcome<void> published = co_await std::move(publishing);
    if (published.has_error()) co_return published.error();
    const boost::json::value answer{{"fileName", object}};
    co_return answer;
}

Task<http::ServerResponse> DatasetEndpoints::signed_get_url(http::ServerRequest request) {
    auto permitting = permit_get(std::move(request.body));
    const Outcome<boost::json::value> outcome = co_await std::move(permitting);
    co_return to_response(outcome);
}

Task<Outcome<boost::json::value>> DatasetEndpoints::permit_get(std::string body) {
    const Outcome<boost::json::value> json = parse_body(body);
    if (json.has_error()) co_return json.error();
    JsonObject fields(*json, "the request");
    const SignedFields signed_fields = read_signed_fields(fields);
    if (const Result<void> check = fields.check(); check.has_error()) co_return malformed(check.error().message);
    const Hash256 digest = crypto::job_request_digest(signed_fields.job, signed_fields.signed_at_ms);
    if (const Outcome<void> signer = check_signer(signed_fields, digest, services_.clock); signer.has_error())
        co_return signer.error();
    auto reading = read_job(&services_.chain, signed_fields.job);
    const Outcome<JobOnChain> job = co_await std::move(reading);
    if (job.has_error()) co_return job.error();
    auto asking = check_reads_dataset(&services_.chain, *job, signed_fields.address);
    const Outcome<void> allowed = co_await std::move(asking);
    if (allowed.has_error()) co_return allowed.error();
    if (!services_.store.bytes_of(ObjectKind::dataset, job->details.dataset))
        co_return not_found("the JOB's dataset was not uploaded");
    const boost::json::value answer{{"url", services_.signed_url("GET", "/objects/dataset/" + job->details.dataset)}};
    co_return answer;
}

Task<http::ServerResponse> DatasetEndpoints::size_of(http::ServerRequest request) {
    const auto found = request.query.find("key");
    if (found == request.query.end())
        co_return http::ServerResponse::error(400, "the query needs key=dataset/<name> or key=result/<name>");
    for (const ObjectKind kind : {ObjectKind::dataset, ObjectKind::result}) {
        const std::string prefix = std::string(name(kind)) + "/";
        if (!found->second.starts_with(prefix)) continue;
        const std::optional<std::uint64_t> bytes =
            services_.store.bytes_of(kind, std::string_view(found->second).substr(prefix.size()));
        const boost::json::value answer{{"result", bytes.value_or(0)}};
        if (bytes) co_return http::ServerResponse::json(answer);
    }
    co_return http::ServerResponse::error(404, "there is no such object");
}

}  // namespace emeth::network
