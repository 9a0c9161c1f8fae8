#include "network/storage_api/storage_api_server.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "http/health_routes.hpp"
#include "network/chain_probe.hpp"
#include "network/storage_api/endpoints.hpp"
#include "network/storage_api/folder_backend.hpp"
#include "network/storage_api/object_sweep.hpp"
#include "network/storage_api/s3_backend.hpp"
#include "runtime/log.hpp"
#include "runtime/task_group.hpp"

namespace emeth::network {

StorageServices::StorageServices(StorageApiPorts ports, std::filesystem::path folder, StorageLimits limits)
    : StorageApiPorts(ports), store(std::move(folder), limits), records(store), urls(ports.clock), verdicts(store) {}

std::string StorageServices::upload_id_of(const SignedRequest& request) const {
    return urls.token(
        fmt::format("upload\n{}\n{}\n{}", request.address.hex(), request.job.hex(), request.signed_at_ms));
}

Task<OrRefusal<UploadTicket>> StorageServices::resume_upload(std::string upload_id, UploadBinding binding) {
    auto work = [this, &upload_id, &binding] { return records.resume(upload_id, binding); };
    auto reading = pool.run(std::move(work));
    OrRefusal<Upload> upload = co_await std::move(reading);
    if (upload.has_error()) co_return upload.error();
    co_return UploadTicket{upload_id, std::move(*upload)};
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
        add_objects(std::move(options.s3));
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

    void add_objects(std::optional<s3::S3Settings> s3) {
        if (s3) {
            services.objects = std::make_unique<S3Backend>(
                S3BackendPorts{services.store, services.pool, services.clock}, std::move(*s3));
            return;
        }
        auto folder = std::make_unique<FolderBackend>(
            FolderBackendPorts{services.store, services.in_hand, services.urls, services.pool});
        folder->add_routes(server);
        services.objects = std::move(folder);
    }

    Task<std::vector<std::string>> why_not_ready();

    StorageServices services;
    ObjectSweep sweep;
    ChainProbe probe;
    ServerPage page;
    http::Server server;
};

Task<std::vector<std::string>> StorageApiServer::Impl::why_not_ready() {
    auto asking = services.objects->why_not_ready();
    std::vector<std::string> reasons = co_await std::move(asking);
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
    if (Result<void> opened = services.objects->open(); opened.has_error())
        return in_context("Storage API", opened.error());
    const auto secret = services.store.secret(services.random);
    if (secret.has_error()) return in_context("Storage API", secret.error());
    services.urls.set_secret(*secret);
    if (Result<void> listening = impl_->server.listen(); listening.has_error())
        return in_context("Storage API", listening.error());
    services.urls.set_base(impl_->server.url());
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
    const std::shared_ptr<Impl> impl = impl_;
    auto reading = impl->services.objects->uploads();
    const std::vector<Upload> uploads = co_await std::move(reading);
    const SpaceBook& book = impl->services.store.book();
    StorageSummary summary;
    summary.datasets = book.count_below(book_key(ObjectKind::dataset, ""));
    summary.results = book.count_below(book_key(ObjectKind::result, ""));
    summary.uploads_open =
        static_cast<std::size_t>(std::count_if(uploads.begin(), uploads.end(), [&](const Upload& upload) {
            return !book.contains(book_key(upload.kind, upload.file_name));
        }));
    summary.bytes_used = book.total().stored;
    if (const Result<std::uint64_t> free = impl->services.store.disk_free_bytes()) summary.disk_free_bytes = *free;
    summary.limits = impl->services.store.limits();
    co_return summary;
}

Task<> StorageApiServer::run() {
    const std::shared_ptr<Impl> impl = impl_;
    TaskGroup parts(co_await asio::this_coro::executor, 3);
    parts.start(impl->server.run());
    parts.start(impl->services.objects->run());
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
