#include "network/storage_api/storage_api_server.hpp"

#include <fmt/format.h>

#include "crypto/sha256.hpp"
#include "http/health_routes.hpp"
#include "http/signed_url.hpp"
#include "network/chain_probe.hpp"
#include "network/storage_api/endpoints.hpp"
#include "network/storage_api/object_sweep.hpp"
#include "runtime/log.hpp"
#include "runtime/task_group.hpp"

namespace emeth::network {
namespace {

constexpr std::int64_t url_valid_ms = 12 * 3'600'000;

}  // namespace

std::string StorageServices::signed_url(std::string_view method, const std::string& path) const {
    return base_url + http::UrlSigner(secret).sign(method, path, clock.unix_ms() + url_valid_ms);
}

OrRefusal<void> StorageServices::check_url(const http::ServerRequest& request) const {
    const std::string_view method = request.method == "HEAD" ? "GET" : std::string_view(request.method);
    const Result<void> checked = http::UrlSigner(secret).check(method, request.path, request.query, clock.unix_ms());
    if (checked.has_error()) return http::forbidden(checked.error().message);
    return {};
}

std::string StorageServices::upload_id_of(const SignedRequest& request) const {
    const std::string opens =
        fmt::format("upload\n{}\n{}\n{}", request.address.hex(), request.job.hex(), request.signed_at_ms);
    return plain_hex(crypto::hmac_sha256(secret, opens));
}

std::set<std::string> StorageServices::upload_keys_in_work() const {
    std::set<std::string> keys = uploads_in_work;
    for (const std::string& part : parts_in_work) keys.insert(part.substr(0, part.find('/')));
    return keys;
}

struct StorageApiServer::Impl {
    Impl(asio::any_io_executor executor, StorageApiPorts ports, StorageApiOptions options)
        : services(ports, std::move(options.folder), options.limits),
          sweep(services, options.chain_id),
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
    ObjectSweep sweep;
    ChainProbe probe;
    ServerPage page;
    http::Server server;
};

Task<std::vector<std::string>> StorageApiServer::Impl::why_not_ready() {
    std::vector<std::string> reasons;
    auto check = [this] { return services.store.check_space({}, 1); };
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
    services.uploads.recover();
    services.uploads.remove_abandoned(services.clock.unix_ms() / 1'000, {});
    const auto secret = services.store.secret(services.random);
    if (secret.has_error()) return in_context("Storage API", secret.error());
    services.secret = *secret;
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
        summary.datasets = store.names(ObjectKind::dataset).size();
        summary.results = store.names(ObjectKind::result).size();
        summary.uploads_open = impl->services.uploads.open_uploads();
        summary.bytes_used = store.book().total().stored;
        if (const Result<std::uint64_t> free = store.disk_free_bytes()) summary.disk_free_bytes = *free;
        summary.limits = store.limits();
        return summary;
    };
    return impl_->services.pool.run(std::move(count));
}

Task<> StorageApiServer::run() {
    const std::shared_ptr<Impl> impl = impl_;
    TaskGroup parts(co_await asio::this_coro::executor, 2);
    parts.start(impl->server.run());
    parts.start(impl->sweep.run());
    auto joining = parts.join();
    co_await std::move(joining);
}

Task<> StorageApiServer::sweep() {
    const std::shared_ptr<Impl> impl = impl_;
    auto sweeping = impl->sweep.sweep();
    co_await std::move(sweeping);
}

}  // namespace emeth::network
