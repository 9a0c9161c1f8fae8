// The objects in the server's own folder, behind URLs that the endpoints have signed. A bad PUT is refused before its
// body is read.
#include <fmt/format.h>

#include <memory>

#include "api_client/dataset_name.hpp"
#include "http/body_digest.hpp"
#include "network/storage_api/folder_backend.hpp"
#include "network/storage_api/object_names.hpp"
#include "runtime/parse_number.hpp"
#include "statemachine/upload_parts.hpp"

namespace emeth::network {
namespace {

/// What a PUT holds from its header on until it is over: nobody else puts the same, and its space is set aside.
struct Put {
    Put(std::set<std::string>& claimed, std::string name, SpaceBook::Reservation reserved)
        : claim(claimed, std::move(name)), reservation(std::move(reserved)) {}
    Claim claim;
    SpaceBook::Reservation reservation;
};

SpaceBook::Reservation space_of(const http::ServerRequest& request) {
    return std::move(std::static_pointer_cast<Put>(request.admitted)->reservation);
}

/// The length that the body will have: no more is read than was announced.
OrRefusal<std::uint64_t> announced_length(const http::ServerRequest& request) {
    if (request.header("content-length").empty() || !request.header("transfer-encoding").empty())
        return Refusal{411, "the length of the body must be announced by Content-Length"};
    const std::optional<std::uint64_t> length =
        parse_number<std::uint64_t>(std::string(request.header("content-length")));
    if (!length) return http::malformed("Content-Length is no number");
    return *length;
}

Task<http::Answer> get_object(FolderBackendPorts& ports, ObjectKind kind, http::ServerRequest request) {
    if (const OrRefusal<void> checked = ports.urls.check(request); checked.has_error()) co_return checked.error();
    const std::string& object = request.captures.at("name");
    if (!ports.store.find(kind, object))
        co_return http::not_found(fmt::format("there is no {}/{}", name(kind), object));
    http::ServerResponse response;
    response.content_type = "application/octet-stream";
    response.file = ports.store.path(kind, object);
    co_return response;
}

Task<http::Answer> put_dataset_body(FolderBackendPorts& ports, http::ServerRequest request) {
    const std::string object = request.captures.at("name");
    const std::optional<Hash256> sha256 = Hash256::parse(request.captures.at("sha256"));
    const std::optional<std::uint64_t> bytes = parse_number<std::uint64_t>(request.captures.at("bytes"));
    if (request.file->bytes != bytes || request.file->sha256 != sha256)
        co_return http::malformed(fmt::format("{} bytes of SHA-256 {} came; other ones were announced",
                                              request.file->bytes, request.file->sha256.hex()));
    auto work = [&ports, &object, &request]() -> OrRefusal<void> {
        const OrRefusal<void> whole = http::check_body_digest(request);
        if (whole.has_error()) return whole;
        return ports.store.publish(ObjectKind::dataset, object, request.file->path, request.file->sha256,
                                   space_of(request));
    };
    auto publishing = ports.pool.run(std::move(work));
    const OrRefusal<void> published = co_await std::move(publishing);
    if (published.has_error()) co_return published.error();
    const boost::json::value answer{{"fileName", object}};
    co_return answer;
}

Task<http::Answer> put_part_body(FolderBackendPorts& ports, FolderUploads& uploads, http::ServerRequest request) {
    const std::optional<JobId> job = JobId::parse(request.captures.at("job"));
    const std::optional<std::uint64_t> part = parse_number<std::uint64_t>(request.captures.at("part"));
    const std::string& key = request.captures.at("key");
    if (!job || !part || *part > upload_parts_max || !is_object_name(key))
        co_return http::not_found("there is no such upload");
    if (ports.in_hand.uploads.contains(key)) co_return Refusal{503, "the upload is being completed"};
    auto work = [&uploads, &job, &key, &part, &request]() -> OrRefusal<void> {
        const OrRefusal<void> whole = http::check_body_digest(request);
        if (whole.has_error()) return whole;
        return uploads.put_part(*job, key, static_cast<std::uint32_t>(*part), request.file->path, space_of(request));
    };
    auto storing = ports.pool.run(std::move(work));
    const OrRefusal<void> stored = co_await std::move(storing);
    if (stored.has_error()) co_return stored.error();
    http::ServerResponse response;
    response.headers["ETag"] = FolderUploads::etag(request.file->sha256);
    co_return response;
}

OrRefusal<std::shared_ptr<void>> admit_dataset(FolderBackendPorts& ports, const http::ServerRequest& request) {
    if (const OrRefusal<void> checked = ports.urls.check(request); checked.has_error()) return checked.error();
    const OrRefusal<std::uint64_t> length = announced_length(request);
    if (length.has_error()) return length.error();
    const std::string& object = request.captures.at("name");
    if (parse_number<std::uint64_t>(request.captures.at("bytes")) != *length)
        return http::malformed(fmt::format("the dataset that was announced has {} bytes; this body has {}",
                                           request.captures.at("bytes"), *length));
    if (ports.in_hand.datasets.contains(object))
        return Refusal{503, "this dataset is being stored already; ask again when that is over"};
    OrRefusal<SpaceBook::Reservation> space =
        ports.store.reserve({.address = api_client::uploader_of(object)}, *length);
    if (space.has_error()) return space.error();
    return std::make_shared<Put>(ports.in_hand.datasets, object, std::move(*space));
}

OrRefusal<std::shared_ptr<void>> admit_part(FolderBackendPorts& ports, const http::ServerRequest& request) {
    if (const OrRefusal<void> checked = ports.urls.check(request); checked.has_error()) return checked.error();
    const OrRefusal<std::uint64_t> length = announced_length(request);
    if (length.has_error()) return length.error();
    const std::optional<PartLength> signed_for = PartLength::parse(request.captures.at("length"));
    if (!signed_for || !signed_for->allows(*length))
        return http::malformed(
            fmt::format("the body of part {} must have {} bytes, as its upload says; this one has {}",
                        request.captures.at("part"), request.captures.at("length"), *length));
    const std::string name = fmt::format("{}/{}", request.captures.at("key"), request.captures.at("part"));
    if (ports.in_hand.parts.contains(name))
        return Refusal{503, "this part is being put already; ask again when that is over"};
    const Payer payer{Address::parse(request.captures.at("address")), JobId::parse(request.captures.at("job"))};
    OrRefusal<SpaceBook::Reservation> space = ports.store.reserve(payer, *length);
    if (space.has_error()) return space.error();
    return std::make_shared<Put>(ports.in_hand.parts, name, std::move(*space));
}

}  // namespace

void FolderBackend::add_routes(http::Server& server) {
    for (const ObjectKind kind : {ObjectKind::dataset, ObjectKind::result})
        server.route("GET", object_path(kind, "{name}"), 0, [this, kind](http::ServerRequest request) {
            return get_object(ports_, kind, std::move(request));
        });
    server.route_file(
        "PUT", put_dataset_path("{name}", "{sha256}", "{bytes}"), ports_.store.limits().dataset_bytes_max,
        ports_.store.incoming(),
        [this](http::ServerRequest request) { return put_dataset_body(ports_, std::move(request)); },
        [this](const http::ServerRequest& request) { return admit_dataset(ports_, request); });
    server.route_file(
        "PUT", put_part_path("{address}", "{job}", "{key}", "{part}", "{length}"), upload_part_bytes,
        ports_.store.incoming(),
        [this](http::ServerRequest request) { return put_part_body(ports_, uploads_, std::move(request)); },
        [this](const http::ServerRequest& request) { return admit_part(ports_, request); });
}

}  // namespace emeth::network
