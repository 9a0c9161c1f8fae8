// The objects themselves, behind URLs that the endpoints have signed. A bad PUT is refused before its body is read.
#include <fmt/format.h>

#include <charconv>

#include "network/storage_api/endpoints.hpp"
#include "network/storage_api/object_names.hpp"
#include "statemachine/upload_parts.hpp"

namespace emeth::network {
namespace {

std::optional<std::uint64_t> parse_number(const std::string& text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

std::uint32_t part_number(const http::ServerRequest& request) {
    const std::string& text = request.captures.at("part");
    std::uint32_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

Task<http::Answer> get_object(StorageServices& services, ObjectKind kind, http::ServerRequest request) {
    if (const OrRefusal<void> checked = services.check_url(request); checked.has_error()) co_return checked.error();
    const std::string& object = request.captures.at("name");
    if (!services.store.bytes_of(kind, object))
        co_return http::not_found(fmt::format("there is no {}/{}", name(kind), object));
    http::ServerResponse response;
    response.content_type = "application/octet-stream";
    response.file = services.store.path(kind, object);
    co_return response;
}

Task<http::Answer> put_dataset(StorageServices& services, http::ServerRequest request) {
    const std::string object = request.captures.at("name");
    const std::optional<Hash256> sha256 = Hash256::parse(request.captures.at("sha256"));
    const std::optional<std::uint64_t> bytes = parse_number(request.captures.at("bytes"));
    if (request.file->bytes != bytes || request.file->sha256 != sha256)
        co_return http::malformed(fmt::format("{} bytes of SHA-256 {} came; other ones were announced",
                                              request.file->bytes, request.file->sha256.hex()));
    const Claim claim(services.datasets_in_work, object);
    if (!claim.held()) co_return Refusal{503, "this dataset is being stored; try again"};
    auto work = [&services, &object, &request] {
        return services.store.publish(ObjectKind::dataset, object, request.file->path, request.file->sha256);
    };
    auto publishing = services.pool.run(std::move(work));
    const OrRefusal<void> published = co_await std::move(publishing);
    if (published.has_error()) co_return published.error();
    const boost::json::value answer{{"fileName", object}};
    co_return answer;
}

Task<http::Answer> put_part(StorageServices& services, http::ServerRequest request) {
    const std::optional<JobId> job = JobId::parse(request.captures.at("job"));
    const std::string& key = request.captures.at("key");
    if (!job || !is_object_name(key)) co_return http::not_found("there is no such upload");
    if (services.uploads_in_work.contains(key)) co_return Refusal{503, "the upload is being completed"};
    auto work = [&services, &job, &key, &request] {
        return services.uploads.put_part(*job, key, part_number(request), request.file->path);
    };
    auto storing = services.pool.run(std::move(work));
    const OrRefusal<void> stored = co_await std::move(storing);
    if (stored.has_error()) co_return stored.error();
    http::ServerResponse response;
    response.headers["ETag"] = MultipartUploads::etag(request.file->sha256);
    co_return response;
}

}  // namespace

void add_object_routes(http::Server& server, StorageServices& services) {
    for (const ObjectKind kind : {ObjectKind::dataset, ObjectKind::result})
        server.route("GET", object_path(kind, "{name}"), 0, [&services, kind](http::ServerRequest request) {
            return get_object(services, kind, std::move(request));
        });
    server.route_file(
        "PUT", put_dataset_path("{name}", "{sha256}", "{bytes}"), services.store.limits().dataset_bytes_max,
        services.store.incoming(),
        [&services](http::ServerRequest request) { return put_dataset(services, std::move(request)); },
        [&services](const http::ServerRequest& request) { return services.check_url(request); });
    server.route_file(
        "PUT", put_part_path("{job}", "{key}", "{part}"), upload_part_bytes, services.store.incoming(),
        [&services](http::ServerRequest request) { return put_part(services, std::move(request)); },
        [&services](const http::ServerRequest& request) {
            const OrRefusal<void> checked = services.check_url(request);
            return checked.has_error() ? checked : services.store.check_space(upload_part_bytes);
        });
}

}  // namespace emeth::network
