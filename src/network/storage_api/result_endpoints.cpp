#include <fmt/format.h>

#include "api_client/dataset_name.hpp"
#include "api_client/storage_api_client.hpp"
#include "api_client/storage_digests.hpp"
#include "network/storage_api/authorisation.hpp"
#include "network/storage_api/endpoints.hpp"
#include "network/storage_api/object_names.hpp"
#include "network/storage_api/part_urls.hpp"
#include "network/storage_api/upload_records.hpp"

namespace emeth::network {
namespace {

using api_client::dataset_upload_extension;
using api_client::evidence_extension;
using api_client::result_extension;

/// A client repeats a request whose answer was lost; whoever copies it must not have URLs signed without end.
constexpr unsigned answers_per_opening_max = 16;
constexpr std::uint64_t complete_bytes_max = 2 << 20;  // upload_parts_max ETags

Right right_to_write(std::string_view extension) {
    if (extension == dataset_upload_extension) return Right::write_dataset;
    return extension == evidence_extension ? Right::write_evidence : Right::write_result;
}

/// Opens an upload, or goes on with the one that the request names: URLs are given in pages, and expire.
Task<http::Answer> open_upload(StorageServices& services, http::ServerRequest request) {
    SignedRequest asked(request.json);
    const std::string extension = read_extension(asked.fields);
    const std::optional<Hash256> sha256 = read_digest(asked.fields, extension);
    const UploadSize size = read_upload_size(asked.fields);
    const std::optional<std::string> known_id = read_known_upload_id(asked.fields);
    const std::uint32_t first_part = read_first_part(asked.fields, size);
    if (extension == dataset_upload_extension && !known_id)
        asked.fields.reject("extension", "that of a result; signed-put-url is there for datasets");
    asked.times_max = answers_per_opening_max;
    auto admitting = admit(services.admission(), asked, right_to_write(extension));
    const OrRefusal<JobOnChain> job = co_await std::move(admitting);
    if (job.has_error()) co_return job.error();

    const UploadBinding binding{asked.address, asked.job, extension, size, sha256};
    const Claim opening_claim(services.in_hand.openings, asked.job.hex());
    if (!opening_claim.held()) co_return Refusal{503, "an upload of this JOB is being opened; ask again"};
    auto opening =
        known_id ? services.resume_upload(*known_id, binding)
                 : services.objects->open_upload(services.upload_id_of(asked), binding, services.in_hand.upload_keys());
    const OrRefusal<UploadTicket> ticket = co_await std::move(opening);
    if (ticket.has_error()) co_return ticket.error();
    const std::uint32_t urls = urls_in_page(size, first_part);
    const OrRefusal<void> urls_left = services.url_budget.take(asked.address, urls, services.clock.unix_ms());
    if (urls_left.has_error()) co_return urls_left.error();
    boost::json::object answer{{"fileName", ticket->upload.file_name}};
    add_part_urls(*services.objects, *ticket, first_part, answer);
    co_return boost::json::value(std::move(answer));
}

Task<http::Answer> upload_state(StorageServices& services, http::ServerRequest request) {
    SignedRequest asked(request.json);
    const std::string upload_id = read_upload_id(asked.fields);
    asked.signed_once_for(api_client::upload_state_digest(asked.job, upload_id, asked.signed_at_ms));
    auto admitting = admit(services.admission(), asked, Right::see_upload);
    const OrRefusal<JobOnChain> job = co_await std::move(admitting);
    if (job.has_error()) co_return job.error();

    auto looking = services.objects->digest(upload_id, asked.job, asked.address);
    const OrRefusal<UploadDigest> state = co_await std::move(looking);
    if (state.has_error()) co_return state.error();
    boost::json::object answer{{"bytes", state->bytes}, {"completed", state->completed}};
    if (state->sha256) answer["sha256"] = state->sha256->hex();
    co_return boost::json::value(std::move(answer));
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

    auto looking = services.objects->outlook(upload_id, job, address, extension);
    const OrRefusal<UploadOutlook> outlook = co_await std::move(looking);
    if (outlook.has_error()) co_return outlook.error();
    if (!outlook->completed) {
        auto asking = find_permitted(services.chain, job, address, right_to_write(extension));
        const OrRefusal<JobOnChain> permitted = co_await std::move(asking);
        if (permitted.has_error()) co_return permitted.error();
    }
    const Claim upload(services.in_hand.uploads, UploadRecords::key_of(upload_id));
    const Claim object(services.in_hand.uploads, outlook->file_name);
    if (!upload.held() || !object.held()) co_return Refusal{503, "the upload is being completed; ask again"};
    auto completing = services.objects->complete(upload_id, job, address, extension, etags);
    const OrRefusal<std::string> file_name = co_await std::move(completing);
    if (file_name.has_error()) co_return file_name.error();
    const boost::json::value answer{{"fileName", *file_name}};
    co_return answer;
}

/// Nothing on chain names a JOB's evidence, so the newest one counts.
Task<OrRefusal<std::optional<std::string>>> newest_of(ObjectBackend& objects, JobId job, std::string extension) {
    auto listing = objects.list(ObjectKind::result, plain_hex(job) + "-");
    const OrRefusal<std::vector<StoredObject>> all = co_await std::move(listing);
    if (all.has_error()) co_return all.error();
    const StoredObject* newest = nullptr;
    for (const StoredObject& object : *all) {
        if (!api_client::is_result_name(object.name, job, extension)) continue;
        if (newest == nullptr || object.stored_at_unix_ns >= newest->stored_at_unix_ns) newest = &object;
    }
    if (newest == nullptr) co_return std::optional<std::string>();
    co_return std::optional(newest->name);
}

Task<http::Answer> signed_result_url(StorageServices& services, http::ServerRequest request) {
    SignedRequest asked(request.json);
    const std::string named = asked.fields.has("extension") ? read_extension(asked.fields) : std::string();
    const std::string extension = named.empty() ? std::string(result_extension) : named;
    asked.signed_once_for(api_client::result_url_digest(asked.job, named, asked.signed_at_ms));
    auto admitting = admit(services.admission(), asked, Right::read_result);
    const OrRefusal<JobOnChain> job = co_await std::move(admitting);
    if (job.has_error()) co_return job.error();

    std::optional<std::string> object = job->details.result;
    if (extension == evidence_extension) {
        auto looking = newest_of(*services.objects, asked.job, extension);
        OrRefusal<std::optional<std::string>> newest = co_await std::move(looking);
        if (newest.has_error()) co_return newest.error();
        object = std::move(*newest);
    }
    // A node may submit any text, so only an object of this JOB is handed out.
    if (!object || !api_client::is_result_name(*object, asked.job, extension))
        co_return http::not_found("the JOB has no such result");
    auto finding = services.objects->find(ObjectKind::result, *object);
    const OrRefusal<std::optional<StoredObject>> found = co_await std::move(finding);
    if (found.has_error()) co_return found.error();
    if (!*found) co_return http::not_found("the JOB's result was not uploaded");
    const boost::json::value answer{{"url", services.objects->get_url(ObjectKind::result, *object)},
                                    {"bytes", (*found)->bytes},
                                    {"storedAt", (*found)->stored_at_unix_s()}};
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
