// The Storage API: datasets and results in a folder or an object store, handed out through signed URLs to those whom
// the chain entitles to them. Io thread only.
//
// This source folder is internal to the server; its clients use api_client/storage_api_client.hpp, which also names the
// paths of the endpoints.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "chain/chain.hpp"
#include "http/server.hpp"
#include "network/server_page.hpp"
#include "network/storage_api/object_store.hpp"
#include "network/storage_api/s3/s3_client.hpp"
#include "network/storage_api/storage_summary.hpp"
#include "runtime/blocking_pool.hpp"
#include "runtime/clock.hpp"
#include "runtime/random.hpp"

namespace emeth::network {

/// All must outlive the server. Disk access, except for request and response bodies, runs on `pool`.
struct StorageApiPorts {
    chain::Chain& chain;
    Clock& clock;
    Random& random;
    BlockingPool& pool;
};

struct StorageApiOptions {
    http::ServerOptions listen;
    /// For this server's exclusive use: the caller holds a lock on it or on a parent folder.
    std::filesystem::path folder;
    StorageLimits limits{};
    /// Of the chain that says which JOBs there are: nothing is removed on the word of another one. None: any.
    std::optional<std::uint64_t> chain_id{};
    AddPage add_page{};
    /// The store in which objects lie; none: they lie in `folder`.
    std::optional<s3::S3Settings> s3{};
};

class StorageApiServer {
public:
    StorageApiServer(asio::any_io_executor executor, StorageApiPorts ports, StorageApiOptions options);
    ~StorageApiServer();

    /// Prepares the folder (removing what a crash left), binds and listens.
    Result<void> listen();
    [[nodiscard]] std::string url() const;
    /// Sentences for /readyz: why it does not serve; none: it does.
    Task<std::vector<std::string>> why_not_ready();
    /// Counted anew: it reads the folder, on the pool.
    Task<StorageSummary> summary();
    /// Serves until cancelled, and removes every hour what nobody needs any more.
    Task<> run();
    /// Does so at once.
    Task<> sweep();

private:
    struct Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace emeth::network
