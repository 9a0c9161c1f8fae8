// The foundation of every command of a node that changes something: the data folder with its lock and store, the
// wallet, and the connections to the network. Io thread only.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "api_client/info_server_client.hpp"
#include "api_client/storage_api_client.hpp"
#include "chain/rpc/rpc_chain.hpp"
#include "chain/sender/transaction_sender.hpp"
#include "crypto/private_key.hpp"
#include "node/core/config.hpp"
#include "node/core/job_services.hpp"
#include "runtime/blocking_pool.hpp"
#include "runtime/folder_lock.hpp"
#include "runtime/random.hpp"
#include "storage/store.hpp"

namespace emeth::node {

/// A permanent Error if the endpoint serves another chain than the configured one; it names the settings.
Result<void> check_chain_id(const NodeConfig& config, std::uint64_t served);

class NodeCore {
public:
    /// Creates the folder (0700) if missing, locks it and opens the store; contacts nobody outside. Errors name the
    /// folder and the remedy.
    static Result<std::unique_ptr<NodeCore>> open(asio::any_io_executor executor, NodeConfig config,
                                                  crypto::PrivateKey key, std::filesystem::path data);

    /// Checks that the endpoint's chain id is the configured one, and that the configured contracts are EmethCore and
    /// its token. Permanent Error: a setting is wrong.
    Task<Result<chain::Constants>> check_network();
    /// What check_network() found is durable when it returns.
    Task<Result<void>> remember_network(chain::Constants constants);
    /// What an earlier start remembered of the configured contract. Transient Error: none has.
    Task<Result<chain::Constants>> recall_network();
    /// Checks for enough to lock the smallest deposit and pay for its transactions. A permanent Error
    /// says what to send where.
    Task<Result<void>> check_funds(chain::Constants constants);
    /// A warning if somebody else seems to use the wallet (node/core/wallet_use.hpp). Before anything is sent.
    Task<Result<std::optional<std::string>>> check_wallet_use();

    const NodeConfig config;
    const std::filesystem::path data;
    [[nodiscard]] const crypto::PrivateKey& key() const { return key_; }
    BlockingPool& pool() { return pool_; }
    storage::NodeStore& store() { return *store_; }
    chain::Chain& chain() { return chain_; }
    chain::TransactionSender& sender() { return sender_; }
    api_client::ArtifactStore& artifacts() { return artifacts_; }
    /// Null: the settings name none.
    api_client::InfoServer* info_server() { return config.has_info_server() ? &info_server_ : nullptr; }
    [[nodiscard]] const chain::RpcTally& rpc_tally() const { return rpc_.tally(); }
    [[nodiscard]] const api_client::NetworkClock& network_clock() const { return network_clock_; }
    NodePorts ports() { return ports(store_->jobs()); }
    /// With something in front of the store's JOBs.
    NodePorts ports(storage::JobStore& jobs) {
        return {chain_,           sender_,         artifacts_, info_server(),  jobs,
                store_->outbox(), store_->notes(), pool_,      system_clock(), system_random()};
    }

private:
    NodeCore(asio::any_io_executor executor, NodeConfig config, crypto::PrivateKey key, std::filesystem::path data,
             FolderLock lock, std::unique_ptr<storage::NodeStore> store);

    FolderLock lock_;
    crypto::PrivateKey key_;
    std::unique_ptr<storage::NodeStore> store_;
    chain::RpcClient rpc_;
    chain::RpcChain chain_;
    BlockingPool pool_;  // its work uses the store, so it must end first
    chain::TransactionSender sender_;
    api_client::NetworkClock network_clock_;
    api_client::StorageApiClient artifacts_;
    api_client::InfoServerClient info_server_;
};

}  // namespace emeth::node
