// The master's settings: a .env file, the environment and flags, all checked before anything is opened.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "crypto/private_key.hpp"
#include "http/client.hpp"
#include "node/market/selection.hpp"
#include "runtime/clock.hpp"
#include "runtime/env_config.hpp"
#include "runtime/result.hpp"

namespace emeth::node {

struct NodeConfig {
    http::Url endpoint, storage_api, info_server;
    Address core, token;
    std::uint64_t chain_id = 60'001;            ///< the endpoint must say the same
    std::uint64_t confirmations = 2;            ///< blocks after which an effect counts; 1: mined
    std::uint64_t gas_price_max_gwei = 10'000;  ///< no transaction offers more per gas
    SelectionPolicy selection;

    std::string listen_host = "127.0.0.1";  ///< for workers
    std::uint16_t worker_port = 5'000;
    std::vector<std::string> worker_whitelist, jsonrpc_whitelist;
    std::int64_t verifier_lag_s = 60;  ///< how long after its deadline a JOB is expected to stay open for a late submit
    Milliseconds worker_grace{60'000};  ///< how long the lease of a lost worker stands

    Milliseconds poll_interval{2'000};  ///< of the chain
    Milliseconds discovery_interval{5'000};
    Milliseconds rewards_interval{300'000};
    Milliseconds rebroadcast_interval{15'000};  ///< of what waits in the outbox
    Milliseconds request_timeout{15'000};
    std::string log_level = "info";
    std::map<std::string, std::string> worker_settings;  ///< the keys of this file that local workers get
};

/// Every key a master's file may hold: ours, and those of the published .env files, which may hold the worker's keys,
/// too.
const std::set<std::string>& known_keys();

/// Errors name key, value, place and what was expected. The key is not read here.
Result<NodeConfig> read_config(const EnvConfig& config);

/// From privateKey or privateKey_file: exactly one of them must be set.
Result<crypto::PrivateKey> read_private_key(const EnvConfig& config);

}  // namespace emeth::node
