#include <fmt/format.h>

#include "api_client/dataset_name.hpp"
#include "api_client/storage_api_client.hpp"
#include "api_client/storage_digests.hpp"
#include "network/storage_api/authorisation.hpp"
#include "network/storage_api/endpoints.hpp"
#include "network/storage_api/object_names.hpp"

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
    const std::optional<std::uint64_t> present = services.store.bytes_of(ObjectKind::dataset, object);
    if (present && *present != bytes)
        co_return http::conflict(fmt::format("dataset/{} is complete and cannot be replaced", object));
    if (!present) {
        const OrRefusal<void> space = services.store.check_space({.address = asked.address}, bytes);
        if (space.has_error()) co_return space.error();
    }
    const std::string path = put_dataset_path(object, plain_hex(sha256), std::to_string(bytes));
    const boost::json::value answer{{"url", services.signed_url("PUT", path)}, {"fileName", object}};
    co_return answer;
}

Task<http::Answer> signed_get_url(StorageServices& services, http::ServerRequest request) {
    const SignedRequest asked(request.json);
    auto admitting = admit(services.admission(), asked, Right::read_dataset);
    const OrRefusal<JobOnChain> job = co_await std::move(admitting);
    if (job.has_error()) co_return job.error();

    const std::string& object = job->details.dataset;
    if (!services.store.bytes_of(ObjectKind::dataset, object))
        co_return http::not_found("the JOB's dataset was not uploaded");
    const boost::json::value answer{{"url", services.signed_url("GET", object_path(ObjectKind::dataset, object))}};
    co_return answer;
}

Task<http::Answer> size_of(StorageServices& services, http::ServerRequest request) {
    const auto found = request.query.find("key");
    if (found == request.query.end())
        co_return http::malformed("the query needs key=dataset/<name> or key=result/<name>");
    for (const ObjectKind kind : {ObjectKind::dataset, ObjectKind::result}) {
        const std::string prefix = std::string(name(kind)) + "/";
        if (!found->second.starts_with(prefix)) continue;
        const std::optional<std::uint64_t> bytes =
            services.store.bytes_of(kind, std::string_view(found->second).substr(prefix.size()));
        const boost::json::value answer{{"result", bytes.value_or(0)}};
        if (bytes) co_return answer;
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
