#include "node/core/node_core.hpp"

#include <fmt/format.h>

#include <utility>

#include "chain/amount.hpp"
#include "chain/gas.hpp"
#include "node/core/known_network.hpp"
#include "node/core/wallet_use.hpp"
#include "node/data_folder.hpp"
#include "runtime/durable_file.hpp"

namespace emeth::node {
namespace {

/// A command that finds no running master holds the folder briefly; a master that starts at that moment waits for it.
constexpr Milliseconds lock_patience{5'000};
constexpr std::size_t pool_threads = 4;  // they mostly wait for synced writes; concurrent commits share a sync

chain::SenderOptions sender_options(const NodeConfig& config) {
    chain::SenderOptions options;
    options.chain_id = config.chain_id;
    options.confirmations = config.confirmations;
    options.gas_price_max_gwei = config.gas_price_max_gwei;
    options.allowance_cap = config.selection.allowance_cap;
    options.poll_interval = config.poll_interval;
    options.rebroadcast_interval = config.rebroadcast_interval;
    return options;
}

}  // namespace

Result<void> check_chain_id(const NodeConfig& config, std::uint64_t served) {
    if (served == config.chain_id) return {};
    return permanent_error(fmt::format("{} serves chain {}, but chain_id is {}: set endpoint or chain_id",
                                       config.endpoint.url.origin(), served, config.chain_id));
}

Result<std::unique_ptr<NodeCore>> NodeCore::open(asio::any_io_executor executor, NodeConfig config,
                                                 crypto::PrivateKey key, std::filesystem::path data) {
    if (auto made = create_folder(data, 0700); made.has_error()) return made.error();
    auto lock = FolderLock::acquire(data, lock_patience);
    if (lock.has_error()) return lock.error();
    auto store = storage::NodeStore::open(store_folder(data), storage::OpenMode::read_write);
    if (store.has_error()) return store.error();
    return std::unique_ptr<NodeCore>(new NodeCore(std::move(executor), std::move(config), std::move(key),
                                                  std::move(data), std::move(*lock), std::move(*store)));
}

NodeCore::NodeCore(asio::any_io_executor executor, NodeConfig settings, crypto::PrivateKey key,
                   std::filesystem::path folder, FolderLock lock, std::unique_ptr<storage::NodeStore> store)
    : config(std::move(settings)),
      data(std::move(folder)),
      lock_(std::move(lock)),
      key_(std::move(key)),
      store_(std::move(store)),
      rpc_(config.endpoint, config.request_timeout),
      chain_(rpc_, config.core, config.token),
      pool_(pool_threads),
      sender_(std::move(executor), chain::SenderPorts{chain_, store_->outbox(), pool_, system_clock(), key_},
              sender_options(config)),
      network_clock_(system_clock()),
      artifacts_(config.storage_api, key_, network_clock_),
      info_server_(config.info_server, &network_clock_) {}

Task<Result<void>> NodeCore::remember_network(chain::Constants constants) {
    auto write = [this, text = to_text(constants)] { return store_->notes().set_cursor(known_network_cursor, text); };
    co_return co_await pool_.run(std::move(write));
}

Task<Result<chain::Constants>> NodeCore::recall_network() {
    auto read = [this] { return store_->notes().cursor(known_network_cursor); };
    const auto text = co_await pool_.run(std::move(read));
    if (text.has_error()) co_return text.error();
    if (!*text) co_return transient_error("the contract was never seen before");
    const auto constants = read_constants(**text);
    if (constants.has_error()) co_return constants;
    if (constants->core != config.core || constants->token != config.token)
        co_return transient_error("the configured contract was never seen before");
    co_return constants;
}

Task<Result<chain::Constants>> NodeCore::check_network() {
    const Result<std::uint64_t> chain_id = co_await chain_.chain_id();
    if (chain_id.has_error()) co_return chain_id.error();
    if (const auto right = check_chain_id(config, *chain_id); right.has_error()) co_return right.error();
    co_return co_await chain_.constants();
}

Task<Result<void>> NodeCore::check_funds(chain::Constants constants) {
    const auto wallet = key_.address();
    const Result<Wei> alt = co_await chain_.alt_balance(wallet);
    if (alt.has_error()) co_return alt.error();
    const Result<Wei> emt = co_await chain_.emt_balance(wallet);
    if (emt.has_error()) co_return emt.error();
    const Result<chain::Fees> fees = co_await chain_.fees();
    if (fees.has_error()) co_return fees.error();
    const Wei needed = chain::gas_money(fees->max_fee_per_gas, chain::chain_gas_per_job);
    if (*alt < needed)
        co_return permanent_error(
            fmt::format("wallet {} holds {} ALT; the transactions of one JOB need {} ALT: send ALT to it",
                        crypto::checksum_address(wallet), chain::format_coins(*alt), chain::format_coins(needed)));
    const Wei deposit = chain::rate_of(config.selection.min_fee, constants.deposit_rate);
    if (*emt < deposit)
        co_return permanent_error(
            fmt::format("wallet {} holds {} EMT; the smallest deposit (of min_fee {} EMT) is {} EMT: send EMT to it",
                        crypto::checksum_address(wallet), chain::format_coins(*emt),
                        chain::format_coins(config.selection.min_fee), chain::format_coins(deposit)));
    co_return Result<void>{};
}

Task<Result<std::optional<std::string>>> NodeCore::check_wallet_use() {
    const Result<std::uint64_t> count = co_await chain_.transaction_count(key_.address());
    if (count.has_error()) co_return count.error();
    auto read = [this] { return store_->outbox().last_nonce(); };
    const Result<std::optional<std::uint64_t>> last = co_await pool_.run(std::move(read));
    if (last.has_error()) co_return last.error();
    co_return foreign_transactions(key_.address(), *count, *last);
}

}  // namespace emeth::node
