// The settings that every part of the network shares: where the chain, the contracts and the servers are.
#pragma once

#include <set>
#include <string>

#include "http/client.hpp"
#include "runtime/env_config.hpp"
#include "runtime/result.hpp"
#include "statemachine/types.hpp"
#include "trainer_protocol/network_rules.hpp"

namespace emeth::cli {

struct NetworkSettings {
    http::Url endpoint, storage_api;
    std::uint64_t chain_id = 60'001;
    Address core, token;
    trainer_protocol::NetworkRules rules;
};

/// Keys that read_network_settings() looks at.
const std::set<std::string>& network_keys();

/// Errors name the key, the value and its place.
Result<NetworkSettings> read_network_settings(const EnvConfig& config);

/// "host:port" as an error would name it; the port 0 lets the system choose.
Result<std::uint16_t> read_port(const EnvConfig& config, const std::string& key, std::uint16_t fallback);

}  // namespace emeth::cli
