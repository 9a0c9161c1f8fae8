#include "cli/network_actor.hpp"

#include <fmt/format.h>

#include <utility>

#include "crypto/configured_key.hpp"
#include "crypto/key_file.hpp"
#include "runtime/durable_file.hpp"
#include "runtime/log.hpp"
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

Task<Result<std::unique_ptr<NetworkActor>>> NetworkActor::open(EnvConfig config, std::filesystem::path data) {
    ActorSettings settings;
    if (auto read = read_settings(config, actor_table(), settings); read.has_error()) co_return read.error();
    if (auto made = create_folder(data, 0700); made.has_error()) co_return made.error();
    auto lock = FolderLock::acquire(data);
    if (lock.has_error()) co_return lock.error();
    auto key = actor_key(config, data);
    if (key.has_error()) co_return key.error();

    std::unique_ptr<NetworkActor> actor(new NetworkActor(std::move(*lock), std::move(*key)));
    actor->settings = std::move(settings);
    for (const auto& doubt : chain::doubts(actor->settings)) spdlog::warn("{}", doubt);
    auto outbox = storage::Outbox::open(data / "store", storage::OpenMode::read_write);
    if (outbox.has_error()) co_return outbox.error();
    actor->outbox_ = std::move(*outbox);
    actor->rpc_ = std::make_unique<chain::RpcClient>(actor->settings.endpoint, rpc_timeout);
    actor->chain_ = std::make_unique<chain::RpcChain>(*actor->rpc_, actor->settings.core, actor->settings.token);
    const auto chain_id = co_await actor->chain_->chain_id();
    if (chain_id.has_error()) co_return chain_id.error();
    if (*chain_id != actor->settings.chain_id)
        co_return permanent_error(fmt::format("{} is chain {}, chain_id says {}: correct endpoint or chain_id",
                                              actor->settings.endpoint.url.origin(), *chain_id,
                                              actor->settings.chain_id));
    const auto constants = co_await actor->chain_->constants();
    if (constants.has_error()) co_return constants.error();
    actor->constants = *constants;
    actor->storage_ =
        std::make_unique<api_client::StorageApiClient>(actor->settings.storage_api, actor->key_, system_clock());
    chain::SenderOptions options;
    options.chain_id = *chain_id;
    options.confirmations = actor->settings.confirmations;
    options.gas_price_max_gwei = actor->settings.gas_price_max_gwei;
    const auto executor = co_await asio::this_coro::executor;
    const chain::SenderPorts ports{*actor->chain_, *actor->outbox_, actor->pool_, system_clock(), actor->key_};
    actor->sender_ = std::make_unique<chain::TransactionSender>(executor, ports, options);
    co_return actor;
}

}  // namespace emeth::cli
