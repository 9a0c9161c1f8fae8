// The Storage API: datasets and results in a folder, handed out by signed URLs to those whom the chain allows it. Io
// thread only.
//
// This folder is the server's alone; clients of it know api_client/storage_api_client.hpp, which also names the paths
// of its endpoints.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "chain/chain.hpp"
#include "http/server.hpp"
#include "network/storage_api/object_store.hpp"
#include "runtime/blocking_pool.hpp"
#include "runtime/clock.hpp"
#include "runtime/random.hpp"

namespace emeth::network {

/// All must outlive the server. What touches the disk, except the bodies themselves, runs on `pool`.
struct StorageApiPorts {
    chain::Chain& chain;
    Clock& clock;
    Random& random;
    BlockingPool& pool;
};

struct StorageApiOptions {
    http::ServerOptions listen;
    /// Belongs to this server alone: the caller holds a lock on it or on a folder above.
    std::filesystem::path folder;
    StorageLimits limits{};
};

class StorageApiServer {
public:
    StorageApiServer(asio::any_io_executor executor, StorageApiPorts ports, StorageApiOptions options);
    ~StorageApiServer();

    /// Prepares the folder (removing what a crash left), binds and listens.
    Result<void> listen();
    [[nodiscard]] std::string url() const;
    /// Serves until cancelled.
    Task<> run();

private:
    struct Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace emeth::network
