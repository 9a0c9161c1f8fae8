#include <fmt/format.h>

#include "api_client/storage_api_client.hpp"
#include "api_client/storage_digests.hpp"
#include "network/storage_api/authorisation.hpp"
#include "network/storage_api/endpoints.hpp"
#include "network/storage_api/object_names.hpp"

namespace emeth::network {
namespace {

using api_client::evidence_extension;
using api_client::result_extension;

/// A client repeats a request whose answer was lost; whoever copies it must not have URLs signed without end.
constexpr unsigned answers_per_opening_max = 16;
constexpr std::uint64_t complete_bytes_max = 2 << 20;  // upload_parts_max ETags

Right right_to_write(std::string_view extension) {
    return extension == evidence_extension ? Right::write_evidence : Right::write_result;
}

Task<http::Answer> open_upload(StorageServices& services, http::ServerRequest request) {
    SignedRequest asked(request.json);
    const std::string extension = read_extension(asked.fields);
    const std::optional<Hash256> sha256 = read_digest(asked.fields, extension);
    const UploadSize size = read_upload_size(asked.fields);
    asked.times_max = answers_per_opening_max;
    auto admitting = admit(services.admission(), asked, right_to_write(extension));
    const OrRefusal<JobOnChain> job = co_await std::move(admitting);
    if (job.has_error()) co_return job.error();

    const OrRefusal<void> urls_left = services.url_budget.take(asked.address, size.parts, services.clock.unix_ms());
    if (urls_left.has_error()) co_return urls_left.error();
    const UploadBinding binding{asked.address, asked.job, extension, size, sha256};
    const Claim opening_claim(services.openings_in_work, asked.job.hex());
    if (!opening_claim.held()) co_return Refusal{503, "an upload of this JOB is being opened; ask again"};
    const std::string upload_id = services.upload_id_of(asked);
    const std::set<std::string> in_work = services.upload_keys_in_work();
    auto work = [&services, &binding, &upload_id, &in_work] {
        return services.uploads.open(binding, upload_id, in_work);
    };
    auto opening = services.pool.run(std::move(work));
    const OrRefusal<UploadTicket> ticket = co_await std::move(opening);
    if (ticket.has_error()) co_return ticket.error();
    boost::json::object urls;
    for (std::uint32_t part = 1; part <= size.parts; ++part) {
        const std::string path = put_part_path(plain_hex(binding.address), plain_hex(binding.job), ticket->key,
                                               std::to_string(part), size.length_of(part).text());
        urls[std::to_string(part - 1)] = services.signed_url("PUT", path);
    }
    const boost::json::value answer{
        {"urls", std::move(urls)}, {"uploadId", ticket->upload_id}, {"fileName", ticket->file_name}};
    co_return answer;
}

Task<http::Answer> upload_state(StorageServices& services, http::ServerRequest request) {
    SignedRequest asked(request.json);
    const std::string upload_id = read_upload_id(asked.fields);
    asked.signed_once_for(api_client::upload_state_digest(asked.job, upload_id, asked.signed_at_ms));
    auto admitting = admit(services.admission(), asked, Right::see_upload);
    const OrRefusal<JobOnChain> job = co_await std::move(admitting);
    if (job.has_error()) co_return job.error();

    auto work = [&services, &upload_id, &asked] {
        return services.uploads.digest(upload_id, asked.job, asked.address);
    };
    auto hashing = services.pool.run(std::move(work));
    const OrRefusal<UploadDigest> state = co_await std::move(hashing);
    if (state.has_error()) co_return state.error();
    const boost::json::value answer{
        {"bytes", state->bytes}, {"sha256", state->sha256.hex()}, {"completed", state->completed}};
    co_return answer;
}

/// Carries no signature: it is authorised by the uploadId, which is bound to address and JOB. What a JOB's state does
/// not allow to be opened may not be completed either: nobody chooses what was submitted after the draw is known.
Task<http::Answer> complete_upload(StorageServices& services, http::ServerRequest request) {
    JsonObject fields(request.json, "the request");
    const auto address = fields.fixed<Address>("address");
    const auto job = fields.fixed<JobId>("jobId");
    const std::string upload_id = read_upload_id(fields);
    const std::string extension = read_extension(fields);
    const std::vector<std::string> etags = read_etags(fields);
    if (const Result<void> check = fields.check(); check.has_error()) co_return http::malformed(check.error().message);

    auto look = [&services, &upload_id, &job, &address, &extension] {
        return services.uploads.outlook(upload_id, job, address, extension);
    };
    auto looking = services.pool.run(std::move(look));
    const OrRefusal<UploadOutlook> outlook = co_await std::move(looking);
    if (outlook.has_error()) co_return outlook.error();
    if (!outlook->completed) {
        auto asking = find_permitted(services.chain, job, address, right_to_write(extension));
        const OrRefusal<JobOnChain> permitted = co_await std::move(asking);
        if (permitted.has_error()) co_return permitted.error();
    }
    const Claim upload(services.uploads_in_work, MultipartUploads::key_of(upload_id));
    const Claim object(services.uploads_in_work, outlook->file_name);
    if (!upload.held() || !object.held()) co_return Refusal{503, "the upload is being completed; ask again"};
    auto work = [&services, &upload_id, &job, &address, &extension, &etags] {
        return services.uploads.complete(upload_id, job, address, extension, etags);
    };
    auto completing = services.pool.run(std::move(work));
    const OrRefusal<std::string> file_name = co_await std::move(completing);
    if (file_name.has_error()) co_return file_name.error();
    const boost::json::value answer{{"fileName", *file_name}};
    co_return answer;
}

Task<http::Answer> signed_result_url(StorageServices& services, http::ServerRequest request) {
    SignedRequest asked(request.json);
    const std::string named = asked.fields.has("extension") ? read_extension(asked.fields) : std::string();
    const std::string extension = named.empty() ? std::string(result_extension) : named;
    asked.signed_once_for(api_client::result_url_digest(asked.job, named, asked.signed_at_ms));
    auto admitting = admit(services.admission(), asked, Right::read_result);
    const OrRefusal<JobOnChain> job = co_await std::move(admitting);
    if (job.has_error()) co_return job.error();

    // The chain names the result; nothing names the evidence, so the newest one counts.
    std::optional<std::string> object = job->details.result;
    if (extension == evidence_extension) {
        auto work = [&services, &asked, &extension] { return services.store.newest_result(asked.job, extension); };
        auto looking = services.pool.run(std::move(work));
        object = co_await std::move(looking);
    }
    // A node may submit any text, so only an object of this JOB is handed out.
    if (!object || !api_client::is_result_name(*object, asked.job, extension))
        co_return http::not_found("the JOB has no such result");
    const std::optional<std::uint64_t> bytes = services.store.bytes_of(ObjectKind::result, *object);
    if (!bytes) co_return http::not_found("the JOB's result was not uploaded");
    const boost::json::value answer{{"url", services.signed_url("GET", object_path(ObjectKind::result, *object))},
                                    {"bytes", *bytes},
                                    {"storedAt", services.store.stored_at_unix_s(ObjectKind::result, *object)}};
    co_return answer;
}

constexpr Endpoint endpoints[] = {
    {"POST", api_client::open_upload_path, request_bytes_max, open_upload},
    {"POST", api_client::complete_upload_path, complete_bytes_max, complete_upload},
    {"POST", api_client::upload_state_path, request_bytes_max, upload_state},
    {"POST", api_client::signed_result_url_path, request_bytes_max, signed_result_url},
};

}  // namespace

std::span<const Endpoint> result_endpoints() {
    return endpoints;
}

}  // namespace emeth::network
