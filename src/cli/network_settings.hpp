// The settings of a network's programs other than nodes: where the chain, the contracts and the servers are, what the
// network agrees on, and how transactions are paid for.
#pragma once

#include <cstdint>
#include <string>

#include "chain/rpc/network_settings.hpp"
#include "http/listener_settings.hpp"
#include "runtime/setting.hpp"
#include "trainer_protocol/network_rules.hpp"

namespace emeth::cli {

struct NetworkSettings : chain::NetworkSettings {
    trainer_protocol::NetworkRules rules;
};

const SettingsTable<NetworkSettings>& network_table();

/// Of JOB info server and Storage API.
struct ServerSettings : NetworkSettings, http::ListenerSettings {};

const SettingsTable<ServerSettings>& server_table();

/// Of a participant that sends transactions: verifier and requester.
struct ActorSettings : NetworkSettings, chain::PaymentSettings {};

const SettingsTable<ActorSettings>& actor_table();

/// With the key, which crypto::configured_key() reads.
std::vector<SettingDeclaration> actor_settings();

}  // namespace emeth::cli
