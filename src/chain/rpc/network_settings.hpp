// The settings that all programs of the network share: where the chain, its contracts and the servers are, and how
// transactions are paid for.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "chain/fee_policy.hpp"
#include "chain/rpc/endpoint.hpp"
#include "http/client.hpp"
#include "runtime/setting.hpp"
#include "statemachine/types.hpp"

namespace emeth::chain {

struct NetworkSettings {
    Endpoint endpoint;
    http::Url storage_api, info_server;
    Address core, token;
    std::string ca;                   ///< whom clients trust besides the system's; in force since it was read
    std::uint64_t chain_id = 60'001;  ///< the endpoint must report the same

    /// info_server_url is not "none".
    [[nodiscard]] bool has_info_server() const { return !info_server.host.empty(); }
};

const SettingsTable<NetworkSettings>& network_settings();
/// What is allowed and probably not meant, one sentence each.
std::vector<std::string> doubts(const NetworkSettings& settings);

struct PaymentSettings {
    std::uint64_t confirmations = 2;                                ///< blocks after which an effect counts; 1: mined
    std::uint64_t gas_price_max_gwei = gas_price_max_gwei_default;  ///< no transaction offers more per gas
};

const SettingsTable<PaymentSettings>& payment_settings();

// Readers for rows in other tables.
Result<http::Url> read_url(const SettingValue& value);
Result<Address> read_address(const SettingValue& value);

}  // namespace emeth::chain
