// The Storage API: datasets and results in a folder, handed out by signed URLs to those whom the chain allows it. Io
// thread only.
#pragma once

#include <cstdint>
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

class StorageApiServer {
public:
    /// `folder` belongs to this server alone: the caller holds a lock on it or on one above. `chain`, `clock`, `random`
    /// and `pool` must outlive the server. All that touches the disk, except the bodies themselves, runs on `pool`.
    StorageApiServer(asio::any_io_executor executor, http::ServerOptions options, std::filesystem::path folder,
                     chain::Chain& chain, Clock& clock, Random& random, BlockingPool& pool, StorageLimits limits = {});
    ~StorageApiServer();

    /// Prepares the folder (sweeping what a crash left), binds and listens.
    Result<void> listen();
    [[nodiscard]] std::string url() const;
    /// Serves until cancelled.
    Task<> run();

private:
    struct Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace emeth::network
