#include "cli/network_settings.hpp"

#include <fmt/format.h>

#include <limits>

#include "trainer_protocol/presets.hpp"

namespace emeth::cli {

namespace {

Result<http::Url> read_url(const EnvConfig& config, const std::string& key, const std::string& fallback) {
    const auto* value = config.find(key);
    const auto url = http::Url::parse(value != nullptr ? value->text : fallback);
    if (url.has_error())
        return permanent_error(
            fmt::format("{}: {}: {}", value != nullptr ? value->place : "default", key, url.error().message));
    return url;
}

Result<Address> read_address(const EnvConfig& config, const std::string& key, const std::string& fallback) {
    const auto* value = config.find(key);
    const auto address = Address::parse(value != nullptr ? value->text : fallback);
    if (!address)
        return permanent_error(
            fmt::format("{}: {} is '{}'; expected 0x and 40 hex digits", value->place, key, value->text));
    return *address;
}

Result<std::string> read_model(const EnvConfig& config, const std::string& fallback) {
    const auto* value = config.find("default_model");
    if (value == nullptr) return fallback;
    if (trainer_protocol::find_preset(value->text)) return value->text;
    return permanent_error(fmt::format("{}: default_model is '{}'; expected {}", value->place, value->text,
                                       trainer_protocol::preset_choice()));
}

}  // namespace

const std::set<std::string>& network_keys() {
    static const std::set<std::string> keys{
        "endpoint",   "chain_id",        "emethContractAddress", "tokenContractAddress",
        "storageApi", "info_server_url", "default_model",        "verification_draws"};
    return keys;
}

Result<NetworkSettings> read_network_settings(const EnvConfig& config) {
    NetworkSettings settings;
    const auto endpoint = read_url(config, "endpoint", "https://testnet.alt.ai");
    if (endpoint.has_error()) return endpoint.error();
    settings.endpoint = *endpoint;
    const auto storage = read_url(config, "storageApi", "https://emeth-storage.testnet.alt.ai");
    if (storage.has_error()) return storage.error();
    settings.storage_api = *storage;
    const auto core = read_address(config, "emethContractAddress", "0xF55e6FB0948B37a197DA974E0A84727022F2D048");
    if (core.has_error()) return core.error();
    settings.core = *core;
    const auto token = read_address(config, "tokenContractAddress", "0x6652521583190E398c6e59A7Ea41b60E74814b3B");
    if (token.has_error()) return token.error();
    settings.token = *token;
    const auto chain_id = config.whole_number("chain_id", 60'001, 1, std::numeric_limits<std::uint32_t>::max());
    if (chain_id.has_error()) return chain_id.error();
    settings.chain_id = *chain_id;
    const auto model = read_model(config, settings.rules.default_model);
    if (model.has_error()) return model.error();
    settings.rules.default_model = *model;
    const auto draws = config.whole_number("verification_draws", settings.rules.draws, 1, trainer_protocol::draws_max);
    if (draws.has_error()) return draws.error();
    settings.rules.draws = static_cast<std::uint32_t>(*draws);
    return settings;
}

Result<std::uint16_t> read_port(const EnvConfig& config, const std::string& key, std::uint16_t fallback) {
    const auto port = config.whole_number(key, fallback, 0, 65'535);
    if (port.has_error()) return port.error();
    return static_cast<std::uint16_t>(*port);
}

}  // namespace emeth::cli
