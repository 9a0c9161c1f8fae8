#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "api_client/storage_api_client.hpp"
#include "crypto/api_signature.hpp"
#include "network/storage_api/endpoints.hpp"
#include "network/storage_api/object_names.hpp"

namespace emeth::network {
namespace {

using api_client::part_bytes;
using api_client::parts_max;

constexpr std::size_t extension_bytes_max = 16;
constexpr std::size_t upload_id_bytes_max = 64;
constexpr std::size_t etag_bytes_max = 80;
constexpr std::size_t complete_bytes_max = 2 << 20;  // 10,000 ETags

/// Clients send the file's size divided by the size of a part, not rounded.
std::optional<std::uint32_t> parts_from(double part_number) {
    if (!(part_number >= 0) || part_number > parts_max) return std::nullopt;
    return std::max(std::uint32_t{1}, static_cast<std::uint32_t>(std::ceil(part_number)));
}

/// The ETags in the order of their parts, which must be 1, 2, 3, …
std::vector<std::string> read_etags(JsonObject& fields) {
    std::vector<std::string> etags;
    for (JsonObject& part : fields.objects("parts", parts_max)) {
        etags.push_back(part.string("ETag", etag_bytes_max));
        if (part.u64("PartNumber", 1, parts_max) != etags.size())
            part.reject("PartNumber", "1 for the first, and one more for each next");
    }
    return etags;
}

std::string read_extension(JsonObject& fields) {
    std::string extension = fields.string("extension", extension_bytes_max);
    if (!is_known_extension(extension)) fields.reject("extension", ".tar or .evidence");
    return extension;
}

std::uint32_t part_number(const http::ServerRequest& request) {
    const std::string& text = request.captures.at("part");
    std::uint32_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

}  // namespace

void ResultEndpoints::add_to(http::Server& server) {
    const std::string uploads = "/api/v1/node/multipartUpload/";
    server.route("POST", uploads + "getPutSignedUrls", request_bytes_max,
                 [this](http::ServerRequest request) { return get_put_signed_urls(std::move(request)); });
    server.route("POST", uploads + "completeUpload", complete_bytes_max,
                 [this](http::ServerRequest request) { return complete_upload(std::move(request)); });
    server.route("POST", uploads + "state", request_bytes_max,
                 [this](http::ServerRequest request) { return upload_state(std::move(request)); });
    server.route("POST", "/api/v1/node/signed-result-url", request_bytes_max,
                 [this](http::ServerRequest request) { return signed_result_url(std::move(request)); });
    server.route("GET", "/objects/result/{name}", 0, [this](http::ServerRequest request) {
        return get_object(&services_, ObjectKind::result, std::move(request));
    });
    const auto admit = [this](const http::ServerRequest& request) {
        std::optional<http::ServerResponse> refusal = services_.check_url(request);
        if (refusal) return refusal;
        const Outcome<void> space = services_.store.check_space(part_bytes);
        if (!space) refusal = http::ServerResponse::error(space.error().status, space.error().message);
        return refusal;
    };
    server.route_file(
        "PUT", "/objects/upload/{job}/{key}/{part}", part_bytes, services_.store.incoming(),
        [this](http::ServerRequest request) { return put_part(std::move(request)); }, admit);
}

Task<http::ServerResponse> ResultEndpoints::get_put_signed_urls(http::ServerRequest request) {
    auto opening = open_upload(std::move(request.body));
    const Outcome<boost::json::value> outcome = co_await std::move(opening);
    co_return to_response(outcome);
}

Task<Outcome<boost::json::value>> ResultEndpoints::open_upload(std::string body) {
    const Outcome<boost::json::value> json = parse_body(body);
    if (json.has_error()) co_return json.error();
    JsonObject fields(*json, "the request");
    const SignedFields signed_fields = read_signed_fields(fields);
    const std::string extension = read_extension(fields);
    const std::optional<std::uint32_t> parts = parts_from(fields.number("partNum"));
    if (!parts)
        fields.reject("partNum", fmt::format("the file's size divided by {}, at most {}", part_bytes, parts_max));
    if (const Result<void> check = fields.check(); check.has_error()) co_return malformed(check.error().message);
    const Hash256 digest = crypto::job_request_digest(signed_fields.job, signed_fields.signed_at_ms);
    if (const Outcome<void> signer = check_signer(signed_fields, digest, services_.clock); signer.has_error())
        co_return signer.error();
    auto reading = read_job(&services_.chain, signed_fields.job);
    const Outcome<JobOnChain> job = co_await std::move(reading);
    if (job.has_error()) co_return job.error();
    if (const Outcome<void> allowed = check_writes_result(*job, signed_fields.address, extension); allowed.has_error())
        co_return allowed.error();

    const UploadBinding binding{signed_fields.address, signed_fields.job, extension, *parts};
    auto work = [this, &binding] { return services_.uploads.open(binding, services_.random); };
    auto opening = services_.pool.run(std::move(work));
    const Outcome<UploadTicket> ticket = co_await std::move(opening);
    if (ticket.has_error()) co_return ticket.error();
    boost::json::object urls;
    for (std::uint32_t index = 0; index < *parts; ++index)
        urls[std::to_string(index)] = services_.signed_url(
            "PUT", fmt::format("/objects/upload/{}/{}/{}", plain_hex(binding.job), ticket->key, index + 1));
    const boost::json::value answer{
        {"urls", std::move(urls)}, {"uploadId", ticket->upload_id}, {"fileName", ticket->file_name}};
    co_return answer;
}

Task<http::ServerResponse> ResultEndpoints::put_part(http::ServerRequest request) {
    auto storing = store_part(std::move(request));
    const Outcome<std::string> etag = co_await std::move(storing);
    if (etag.has_error()) co_return http::ServerResponse::error(etag.error().status, etag.error().message);
    http::ServerResponse response;
    response.headers["ETag"] = *etag;
    co_return response;
}

Task<Outcome<std::string>> ResultEndpoints::store_part(http::ServerRequest request) {
    const std::optional<JobId> job = JobId::parse(request.captures.at("job"));
    const std::string& key = request.captures.at("key");
    if (!job || !is_object_name(key)) co_return not_found("there is no such upload");
    if (completing_.contains(key)) co_return Refusal{503, "the upload is being completed"};
    auto work = [this, &job, &key, &request] {
        return services_.uploads.put_part(*job, key, part_number(request), request.file->path);
    };
    auto storing = services_.pool.run(std::move(work));
    const Outcome<void> stored = co_await std::move(storing);
    if (stored.has_error()) co_return stored.error();
    co_return MultipartUploads::etag(request.file->sha256);
}

Task<http::ServerResponse> ResultEndpoints::upload_state(http::ServerRequest request) {
    auto describing = describe_upload(std::move(request.body));
    const Outcome<boost::json::value> outcome = co_await std::move(describing);
    co_return to_response(outcome);
}

Task<Outcome<boost::json::value>> ResultEndpoints::describe_upload(std::string body) {
    const Outcome<boost::json::value> json = parse_body(body);
    if (json.has_error()) co_return json.error();
    JsonObject fields(*json, "the request");
    const SignedFields signed_fields = read_signed_fields(fields);
    const std::string upload_id = fields.string("uploadId", upload_id_bytes_max);
    if (const Result<void> check = fields.check(); check.has_error()) co_return malformed(check.error().message);
    const Hash256 digest = crypto::job_request_digest(signed_fields.job, signed_fields.signed_at_ms);
    if (const Outcome<void> signer = check_signer(signed_fields, digest, services_.clock); signer.has_error())
        co_return signer.error();
    auto reading = read_job(&services_.chain, signed_fields.job);
    const Outcome<JobOnChain> job = co_await std::move(reading);
    if (job.has_error()) co_return job.error();
    if (const Outcome<void> allowed = check_is_node(*job, signed_fields.address); allowed.has_error())
        co_return allowed.error();
    auto work = [this, &upload_id, &signed_fields] {
        return services_.uploads.digest(upload_id, signed_fields.job, signed_fields.address);
    };
    auto hashing = services_.pool.run(std::move(work));
    const Outcome<UploadDigest> state = co_await std::move(hashing);
    if (state.has_error()) co_return state.error();
    const boost::json::value answer{
        {"bytes", state->bytes}, {"sha256", state->sha256.hex()}, {"completed", state->completed}};
    co_return answer;
}

Task<http::ServerResponse> ResultEndpoints::complete_upload(http::ServerRequest request) {
    auto completing = complete(std::move(request.body));
    const Outcome<boost::json::value> outcome = co_await std::move(completing);
    co_return to_response(outcome);
}

/// Carries no signature: its permission is the uploadId, bound to address and JOB.
Task<Outcome<boost::json::value>> ResultEndpoints::complete(std::string body) {
    const Result<boost::json::value> json = parse_json(body, complete_bytes_max, "the request");
    if (json.has_error()) co_return malformed(json.error().message);
    JsonObject fields(*json, "the request");
    const Address address = fields.fixed<Address>("address");
    const JobId job = fields.fixed<JobId>("jobId");
    const std::string upload_id = fields.string("uploadId", upload_id_bytes_max);
    const std::string extension = read_extension(fields);
    const std::vector<std::string> etags = read_etags(fields);
    if (const Result<void> check = fields.check(); check.has_error()) co_return malformed(check.error().message);

    const Claim claim(completing_, MultipartUploads::key_of(upload_id));
    if (!claim.held()) co_return Refusal{503, "the upload is being completed; ask again"};
    auto work = [this, &upload_id, &job, &address, &extension, &etags] {
        return services_.uploads.complete(upload_id, job, address, extension, etags);
    };
    auto completing = services_.pool.run(std::move(work));
    const Outcome<std::string> file_name = co_await std::move(completing);
    if (file_name.has_error()) co_return file_name.error();
    const boost::json::value answer{{"fileName", *file_name}};
    co_return answer;
}

Task<http::ServerResponse> ResultEndpoints::signed_result_url(http::ServerRequest request) {
    auto permitting = permit_get(std::move(request.body));
    const Outcome<boost::json::value> outcome = co_await std::move(permitting);
    co_return to_response(outcome);
}

Task<Outcome<boost::json::value>> ResultEndpoints::permit_get(std::string body) {
    const Outcome<boost::json::value> json = parse_body(body);
    if (json.has_error()) co_return json.error();
    JsonObject fields(*json, "the request");
    const SignedFields signed_fields = read_signed_fields(fields);
    const std::string extension = fields.has("extension") ? read_extension(fields) : ".tar";
    if (const Result<void> check = fields.check(); check.has_error()) co_return malformed(check.error().message);
    const Hash256 digest = crypto::job_request_digest(signed_fields.job, signed_fields.signed_at_ms);
    if (const Outcome<void> signer = check_signer(signed_fields, digest, services_.clock); signer.has_error())
        co_return signer.error();
    auto reading = read_job(&services_.chain, signed_fields.job);
    const Outcome<JobOnChain> job = co_await std::move(reading);
    if (job.has_error()) co_return job.error();
    auto asking = check_reads_result(&services_.chain, *job, signed_fields.address);
    const Outcome<void> allowed = co_await std::move(asking);
    if (allowed.has_error()) co_return allowed.error();

    // The result is what was submitted; evidence is named by nobody, so the newest counts.
    std::optional<std::string> object = job->details.result;
    if (extension != ".tar") {
        auto work = [this, &signed_fields, &extension] {
            return services_.store.newest_result(signed_fields.job, extension);
        };
        auto looking = services_.pool.run(std::move(work));
        object = co_await std::move(looking);
    }
    // A node may submit any text: only an object of this JOB is handed out.
    if (!object || !is_result_of(*object, signed_fields.job, extension))
        co_return not_found("the JOB has no such result");
    const std::optional<std::uint64_t> bytes = services_.store.bytes_of(ObjectKind::result, *object);
    if (!bytes) co_return not_found("the JOB's result was not uploaded");
    const boost::json::value answer{{"url", services_.signed_url("GET", "/objects/result/" + *object)},
                                    {"bytes", *bytes}};
    co_return answer;
}

}  // namespace emeth::network
