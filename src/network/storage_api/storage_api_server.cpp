#include "network/storage_api/storage_api_server.hpp"

#include <fmt/format.h>

#include "network/storage_api/endpoints.hpp"
#include "runtime/log.hpp"

namespace emeth::network {
namespace {

constexpr std::int64_t url_valid_ms = 12 * 3'600'000;

}  // namespace

std::string StorageServices::signed_url(std::string_view method, const std::string& path) const {
    return base_url + signer->sign(method, path, clock.unix_ms() + url_valid_ms);
}

std::optional<http::ServerResponse> StorageServices::check_url(const http::ServerRequest& request) const {
    const std::string_view method = request.method == "HEAD" ? "GET" : std::string_view(request.method);
    const Result<void> checked = signer->check(method, request.path, request.query, clock.unix_ms());
    if (checked) return std::nullopt;
    return http::ServerResponse::error(403, checked.error().message);
}

Outcome<boost::json::value> parse_body(const std::string& body) {
    Result<boost::json::value> json = parse_json(body, request_bytes_max, "the request");
    if (json.has_error()) return malformed(json.error().message);
    return std::move(*json);
}

Task<http::ServerResponse> get_object(StorageServices* services, ObjectKind kind, http::ServerRequest request) {
    if (std::optional<http::ServerResponse> refusal = services->check_url(request)) co_return std::move(*refusal);
    const std::string& object = request.captures.at("name");
    if (!services->store.bytes_of(kind, object))
        co_return http::ServerResponse::error(404, fmt::format("there is no {}/{}", name(kind), object));
    http::ServerResponse response;
    response.content_type = "application/octet-stream";
    response.file = services->store.path(kind, object);
    co_return response;
}

struct StorageApiServer::Impl {
    Impl(asio::any_io_executor executor, http::ServerOptions options, std::filesystem::path folder, chain::Chain& chain,
         Clock& clock, Random& random, BlockingPool& pool, StorageLimits limits)
        : store(std::move(folder), limits),
          uploads(store),
          services{store, uploads, chain, clock, random, pool, std::nullopt, {}},
          datasets(services),
          results(services),
          server(std::move(executor), std::move(options)) {
        datasets.add_to(server);
        results.add_to(server);
    }

    ObjectStore store;
    MultipartUploads uploads;
    StorageServices services;
    DatasetEndpoints datasets;
    ResultEndpoints results;
    http::Server server;
};

StorageApiServer::StorageApiServer(asio::any_io_executor executor, http::ServerOptions options,
                                   std::filesystem::path folder, chain::Chain& chain, Clock& clock, Random& random,
                                   BlockingPool& pool, StorageLimits limits)
    : impl_(std::make_shared<Impl>(std::move(executor), std::move(options), std::move(folder), chain, clock, random,
                                   pool, limits)) {}

StorageApiServer::~StorageApiServer() = default;

Result<void> StorageApiServer::listen() {
    if (Result<void> opened = impl_->store.open(); opened.has_error()) return in_context("Storage API", opened.error());
    impl_->uploads.sweep(impl_->services.clock.unix_ms() / 1'000);
    const auto secret = impl_->store.secret(impl_->services.random);
    if (secret.has_error()) return in_context("Storage API", secret.error());
    impl_->services.signer.emplace(*secret);
    if (Result<void> listening = impl_->server.listen(); listening.has_error())
        return in_context("Storage API", listening.error());
    impl_->services.base_url = impl_->server.url();
    spdlog::info("Storage API listens on {}", url());
    return {};
}

std::string StorageApiServer::url() const {
    return impl_->server.url();
}

Task<> StorageApiServer::run() {
    const std::shared_ptr<Impl> impl = impl_;
    auto serving = impl->server.run();
    co_await std::move(serving);
}

}  // namespace emeth::network
