#include "network/storage_api/storage_api_server.hpp"

#include "http/health_routes.hpp"
#include "network/chain_probe.hpp"
#include "network/storage_api/endpoints.hpp"
#include "runtime/log.hpp"

namespace emeth::network {
namespace {

constexpr std::int64_t url_valid_ms = 12 * 3'600'000;

}  // namespace

std::string StorageServices::signed_url(std::string_view method, const std::string& path) const {
    return base_url + signer->sign(method, path, clock.unix_ms() + url_valid_ms);
}

OrRefusal<void> StorageServices::check_url(const http::ServerRequest& request) const {
    const std::string_view method = request.method == "HEAD" ? "GET" : std::string_view(request.method);
    const Result<void> checked = signer->check(method, request.path, request.query, clock.unix_ms());
    if (checked.has_error()) return http::forbidden(checked.error().message);
    return {};
}

struct StorageApiServer::Impl {
    Impl(asio::any_io_executor executor, StorageApiPorts ports, StorageApiOptions options)
        : services(ports, std::move(options.folder), options.limits),
          probe(executor, ports.chain, ports.clock),
          page(
              executor, "storage_api", [this] { return why_not_ready(); }, ports.clock),
          server(std::move(executor), std::move(options.listen)) {
        for (const auto& endpoints : {dataset_endpoints(), result_endpoints(), verdict_endpoints()})
            for (const Endpoint& endpoint : endpoints) add(endpoint);
        add_object_routes(server, services);
        http::add_health_routes(server, [this] { return why_not_ready(); });
        if (options.add_page)
            options.add_page(server);
        else
            page.add_routes(server);
    }

    void add(const Endpoint& endpoint) {
        server.route_json(endpoint.method, endpoint.path, endpoint.body_bytes_max,
                          [this, function = endpoint.function](http::ServerRequest request) {
                              return function(services, std::move(request));
                          });
    }

    Task<std::vector<std::string>> why_not_ready();

    StorageServices services;
    ChainProbe probe;
    ServerPage page;
    http::Server server;
};

Task<std::vector<std::string>> StorageApiServer::Impl::why_not_ready() {
    std::vector<std::string> reasons;
    auto check = [this] { return services.store.check_space(1); };
    const OrRefusal<void> space = co_await services.pool.run(std::move(check));
    if (space.has_error()) reasons.emplace_back("nothing can be stored: there is no space left");
    const bool chain_answers = co_await probe.answers();
    if (!chain_answers) reasons.emplace_back("the chain, which says who may have what, does not answer");
    co_return reasons;
}

StorageApiServer::StorageApiServer(asio::any_io_executor executor, StorageApiPorts ports, StorageApiOptions options)
    : impl_(std::make_shared<Impl>(std::move(executor), ports, std::move(options))) {}

StorageApiServer::~StorageApiServer() = default;

Result<void> StorageApiServer::listen() {
    StorageServices& services = impl_->services;
    if (Result<void> opened = services.store.open(); opened.has_error())
        return in_context("Storage API", opened.error());
    services.uploads.sweep(services.clock.unix_ms() / 1'000);
    const auto secret = services.store.secret(services.random);
    if (secret.has_error()) return in_context("Storage API", secret.error());
    services.signer.emplace(*secret);
    if (Result<void> listening = impl_->server.listen(); listening.has_error())
        return in_context("Storage API", listening.error());
    services.base_url = impl_->server.url();
    spdlog::info("Storage API listens on {}", url());
    return {};
}

std::string StorageApiServer::url() const {
    return impl_->server.url();
}

Task<std::vector<std::string>> StorageApiServer::why_not_ready() {
    return impl_->why_not_ready();
}

Task<StorageSummary> StorageApiServer::summary() {
    auto count = [impl = impl_] {
        const ObjectStore& store = impl->services.store;
        StorageSummary summary;
        summary.datasets = store.count(ObjectKind::dataset);
        summary.results = store.count(ObjectKind::result);
        summary.uploads_open = impl->services.uploads.open_uploads();
        summary.bytes_used = store.bytes_used();
        if (const Result<std::uint64_t> free = store.disk_free_bytes()) summary.disk_free_bytes = *free;
        summary.limits = store.limits();
        return summary;
    };
    return impl_->services.pool.run(std::move(count));
}

Task<> StorageApiServer::run() {
    const std::shared_ptr<Impl> impl = impl_;
    auto serving = impl->server.run();
    co_await std::move(serving);
}

}  // namespace emeth::network
