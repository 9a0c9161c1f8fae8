#include "cli/network_actor.hpp"

#include <fmt/format.h>

#include <utility>

#include "chain/fee_policy.hpp"
#include "crypto/configured_key.hpp"
#include "crypto/key_file.hpp"
#include "runtime/durable_file.hpp"
#include "runtime/random.hpp"

namespace emeth::cli {

namespace {

constexpr Milliseconds rpc_timeout{10'000};

Result<crypto::PrivateKey> actor_key(const EnvConfig& config, const std::filesystem::path& data) {
    auto key = crypto::configured_key(config);
    if (key.has_error()) return key.error();
    if (*key) return std::move(**key);
    return crypto::load_or_generate_key_file(data / "key", system_random());
}

}  // namespace

const std::set<std::string>& actor_keys() {
    static const std::set<std::string> keys = [] {
        auto all = network_keys();
        all.insert({"privateKey", "privateKey_file", "confirmations", "gas_price_max_gwei"});
        return all;
    }();
    return keys;
}

Task<Result<std::unique_ptr<NetworkActor>>> NetworkActor::open(EnvConfig config, std::filesystem::path data) {
    auto settings = read_network_settings(config);
    if (settings.has_error()) co_return settings.error();
    const auto confirmations = config.whole_number("confirmations", 2, 1, 1'000);
    if (confirmations.has_error()) co_return confirmations.error();
    const auto gas_price_max_gwei = config.whole_number("gas_price_max_gwei", chain::SenderOptions{}.gas_price_max_gwei,
                                                        1, chain::gas_price_max_gwei_limit);
    if (gas_price_max_gwei.has_error()) co_return gas_price_max_gwei.error();
    if (auto made = create_folder(data, 0700); made.has_error()) co_return made.error();
    auto lock = FolderLock::acquire(data);
    if (lock.has_error()) co_return lock.error();
    auto key = actor_key(config, data);
    if (key.has_error()) co_return key.error();

    std::unique_ptr<NetworkActor> actor(new NetworkActor(std::move(*lock), std::move(*key)));
    actor->settings = std::move(*settings);
    actor->confirmations = *confirmations;
    auto outbox = storage::Outbox::open(data / "store", storage::OpenMode::read_write);
    if (outbox.has_error()) co_return outbox.error();
    actor->outbox_ = std::move(*outbox);
    actor->rpc_ = std::make_unique<chain::RpcClient>(actor->settings.endpoint, rpc_timeout);
    actor->chain_ = std::make_unique<chain::RpcChain>(*actor->rpc_, actor->settings.core, actor->settings.token);
    const auto chain_id = co_await actor->chain_->chain_id();
    if (chain_id.has_error()) co_return chain_id.error();
    if (*chain_id != actor->settings.chain_id)
        co_return permanent_error(fmt::format("{} is chain {}, chain_id says {}: correct endpoint or chain_id",
                                              actor->settings.endpoint.text(), *chain_id, actor->settings.chain_id));
    const auto constants = co_await actor->chain_->constants();
    if (constants.has_error()) co_return constants.error();
    actor->constants = *constants;
    actor->storage_ =
        std::make_unique<api_client::StorageApiClient>(actor->settings.storage_api, actor->key_, system_clock());
    chain::SenderOptions options;
    options.chain_id = *chain_id;
    options.confirmations = *confirmations;
    options.gas_price_max_gwei = *gas_price_max_gwei;
    const auto executor = co_await asio::this_coro::executor;
    const chain::SenderPorts ports{*actor->chain_, *actor->outbox_, actor->pool_, system_clock(), actor->key_};
    actor->sender_ = std::make_unique<chain::TransactionSender>(executor, ports, options);
    co_return actor;
}

}  // namespace emeth::cli
