// A participant in the network other than a node (verifier, requester): a data folder with its own key and outbox,
// connected to chain and Storage API. Io thread only.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>

#include "api_client/storage_api_client.hpp"
#include "chain/rpc/rpc_chain.hpp"
#include "chain/sender/transaction_sender.hpp"
#include "cli/network_settings.hpp"
#include "crypto/private_key.hpp"
#include "runtime/blocking_pool.hpp"
#include "runtime/folder_lock.hpp"
#include "storage/outbox.hpp"

namespace emeth::cli {

class NetworkActor {
public:
    /// Locks `data`, loads the key (privateKey, else privateKey_file, else <data>/key, generated at first use), opens
    /// the outbox, and checks chain id and contracts.
    static Task<Result<std::unique_ptr<NetworkActor>>> open(EnvConfig config, std::filesystem::path data);

    ActorSettings settings;
    chain::Constants constants;
    chain::RpcChain& chain() { return *chain_; }
    chain::TransactionSender& sender() { return *sender_; }
    api_client::StorageApiClient& storage() { return *storage_; }
    BlockingPool& pool() { return pool_; }
    storage::Outbox& outbox() { return *outbox_; }

private:
    NetworkActor(FolderLock lock, crypto::PrivateKey key) : lock_(std::move(lock)), key_(std::move(key)) {}

    FolderLock lock_;
    crypto::PrivateKey key_;
    BlockingPool pool_{1};
    std::unique_ptr<storage::Outbox> outbox_;
    std::unique_ptr<chain::RpcClient> rpc_;
    std::unique_ptr<chain::RpcChain> chain_;
    std::unique_ptr<chain::TransactionSender> sender_;
    std::unique_ptr<api_client::StorageApiClient> storage_;
};

}  // namespace emeth::cli
