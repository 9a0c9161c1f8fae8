// The core is the foundation of every program of a node: its settings, and the parts that drive JOBs wired together,
// for the master and for commands that run without one. What several rooms of the node share belongs here; what a
// single room does stays there.
//
// This header: the node's settings from a .env file, the environment and flags, all checked before anything is opened.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "chain/rpc/network_settings.hpp"
#include "crypto/private_key.hpp"
#include "http/listener_settings.hpp"
#include "node/market/selection.hpp"
#include "node/pipeline/lease_watch.hpp"
#include "runtime/clock.hpp"
#include "runtime/env_config.hpp"
#include "runtime/result.hpp"
#include "runtime/setting.hpp"

namespace emeth::node {

struct ListenAddress {
    std::string host;
    std::uint16_t port = 0;
};

/// Each value is a setting; key, meaning, bounds and default are in the tables of config.cpp and of the parts.
struct NodeConfig : chain::NetworkSettings, chain::PaymentSettings, http::ListenerSettings {
    SelectionPolicy selection;

    std::string listen_host = "127.0.0.1";  ///< for workers
    std::uint16_t worker_port = 0;
    http::Url my_url;                           ///< what workers dial
    std::optional<ListenAddress> admin_listen;  ///< none: see admin_listener()
    std::vector<std::string> worker_whitelist, jsonrpc_whitelist;
    std::int64_t verifier_lag_s = 60;   ///< how long past its deadline a JOB is expected to stay open for a late submit
    Milliseconds worker_grace{60'000};  ///< how long a lost worker keeps its lease
    Milliseconds worker_patience = LeaseWatch::patience_usual;
    std::uint64_t verdict_confirmations = 12;  ///< blocks after which a verdict counts, if more than confirmations

    Milliseconds poll_interval{2'000};  ///< of the chain
    Milliseconds discovery_interval{5'000};
    Milliseconds rebroadcast_interval{15'000};  ///< of pending outbox entries
    Milliseconds request_timeout{15'000};
    std::string log_level = "info", log_format = "text";
    /// What local workers are told: keys and texts of the worker's own settings, filled in by whoever knows those.
    std::map<std::string, std::string> worker_settings;
};

/// Every setting of a node.
std::vector<SettingDeclaration> node_settings();

/// Errors name the key, the value, its origin and what was expected. The private key is not read here.
Result<NodeConfig> read_config(const EnvConfig& config);

/// Where administration (dashboard, metrics, JSON-RPC) has a listener of its own: as the operator set it, or beside a
/// port that others than this machine are to reach, by listen_host or by my_url, 127.0.0.1 and the next port. None: it
/// is served on the workers' port.
std::optional<ListenAddress> admin_listener(const NodeConfig& config);

/// What is allowed and probably not meant, one sentence each: an amount of EMT where wei are expected, a
/// password that is sent without encryption.
std::vector<std::string> doubts(const NodeConfig& config);

/// From privateKey or privateKey_file: exactly one of them must be set.
Result<crypto::PrivateKey> read_private_key(const EnvConfig& config);

}  // namespace emeth::node
