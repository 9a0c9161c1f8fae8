#include <fmt/format.h>

#include "api_client/dataset_name.hpp"
#include "api_client/storage_api_client.hpp"
#include "api_client/storage_digests.hpp"
#include "network/storage_api/authorisation.hpp"
#include "network/storage_api/endpoints.hpp"
#include "network/storage_api/object_names.hpp"
#include "network/storage_api/part_urls.hpp"

namespace emeth::network {
namespace {

Task<http::Answer> signed_put_url(StorageServices& services, http::ServerRequest request) {
    SignedRequest asked(request.json);
    const auto sha256 = asked.fields.fixed<Hash256>("sha256");
    const std::uint64_t bytes = asked.fields.u64("bytes");
    asked.signed_once_for(api_client::dataset_upload_digest(asked.job, sha256, bytes, asked.signed_at_ms));
    auto admitting = admit(services.admission(), asked, Right::write_dataset);
    const OrRefusal<JobOnChain> job = co_await std::move(admitting);
    if (job.has_error()) co_return job.error();

    const std::uint64_t bytes_max = services.store.limits().dataset_bytes_max;
    if (bytes > bytes_max)
        co_return Refusal{413, fmt::format("a dataset of {} bytes is not taken; at most {} are", bytes, bytes_max)};
    const std::string object = api_client::dataset_name(asked.job, asked.address);
    auto finding = services.objects->find(ObjectKind::dataset, object);
    const OrRefusal<std::optional<StoredObject>> present = co_await std::move(finding);
    if (present.has_error()) co_return present.error();
    if (*present && (*present)->bytes != bytes) co_return cannot_be_replaced(book_key(ObjectKind::dataset, object));
    const Claim opening_claim(services.in_hand.openings, asked.job.hex());
    if (!opening_claim.held()) co_return Refusal{503, "an upload of this JOB is being opened; ask again"};
    auto opening =
        services.objects->put_dataset(services.upload_id_of(asked), NewDataset{asked.address, asked.job, sha256, bytes},
                                      services.in_hand.upload_keys());
    const OrRefusal<DatasetPut> put = co_await std::move(opening);
    if (put.has_error()) co_return put.error();
    boost::json::object answer{{"fileName", object}};
    if (put->upload)
        add_part_urls(*services.objects, *put->upload, 0, answer);
    else if (!put->is_stored)
        answer["url"] = put->url;
    co_return boost::json::value(std::move(answer));
}

Task<http::Answer> signed_get_url(StorageServices& services, http::ServerRequest request) {
    const SignedRequest asked(request.json);
    auto admitting = admit(services.admission(), asked, Right::read_dataset);
    const OrRefusal<JobOnChain> job = co_await std::move(admitting);
    if (job.has_error()) co_return job.error();

    const std::string& object = job->details.dataset;
    auto finding = services.objects->find(ObjectKind::dataset, object);
    const OrRefusal<std::optional<StoredObject>> found = co_await std::move(finding);
    if (found.has_error()) co_return found.error();
    if (!*found) co_return http::not_found("the JOB's dataset was not uploaded");
    const boost::json::value answer{{"url", services.objects->get_url(ObjectKind::dataset, object)}};
    co_return answer;
}

Task<http::Answer> size_of(StorageServices& services, http::ServerRequest request) {
    const auto asked = request.query.find("key");
    if (asked == request.query.end())
        co_return http::malformed("the query needs key=dataset/<name> or key=result/<name>");
    for (const ObjectKind kind : {ObjectKind::dataset, ObjectKind::result}) {
        const std::string prefix = std::string(name(kind)) + "/";
        if (!asked->second.starts_with(prefix)) continue;
        auto finding = services.objects->find(kind, asked->second.substr(prefix.size()));
        const OrRefusal<std::optional<StoredObject>> found = co_await std::move(finding);
        if (found.has_error()) co_return found.error();
        if (!*found) break;
        const boost::json::value answer{{"result", (*found)->bytes}};
        co_return answer;
    }
    co_return http::not_found("there is no such object");
}

constexpr Endpoint endpoints[] = {
    {"POST", api_client::signed_put_url_path, request_bytes_max, signed_put_url},
    {"POST", api_client::signed_get_url_path, request_bytes_max, signed_get_url},
    {"GET", api_client::size_of_path, 0, size_of},
};

}  // namespace

std::span<const Endpoint> dataset_endpoints() {
    return endpoints;
}

}  // namespace emeth::network
