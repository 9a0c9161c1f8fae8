#include "chain/rpc/network_settings.hpp"

#include <limits>

namespace emeth::chain {

Result<http::Url> read_url(const SettingValue& value) {
    auto url = http::Url::parse(value.text());
    if (url.has_error()) return value.in_context(url.error());
    return url;
}

Result<Address> read_address(const SettingValue& value) {
    const auto address = Address::parse(value.text());
    if (!address) return value.refused("an address of 0x and 40 hex digits");
    return *address;
}

const SettingsTable<NetworkSettings>& network_settings() {
    using Settings = NetworkSettings;
    static const SettingsTable<Settings> table{
        {{"endpoint", "https://testnet.alt.ai", "JSON-RPC endpoint of the chain."},
         into<Settings>(&Settings::endpoint, read_url)},
        whole_number("chain_id", &Settings::chain_id, 1, std::numeric_limits<std::uint32_t>::max(),
                     "Number of the chain; the endpoint must say the same."),
        {{"emethContractAddress", "0xF55e6FB0948B37a197DA974E0A84727022F2D048", "Address of the contract EmethCore."},
         into<Settings>(&Settings::core, read_address)},
        {{"tokenContractAddress", "0x6652521583190E398c6e59A7Ea41b60E74814b3B", "Address of the token EMT."},
         into<Settings>(&Settings::token, read_address)},
        {{"storageApi", "https://emeth-storage.testnet.alt.ai", "The Storage API, which holds datasets and results."},
         into<Settings>(&Settings::storage_api, read_url)},
        {{"info_server_url", "http://ec2-13-208-214-161.ap-northeast-3.compute.amazonaws.com:3000",
          "The JOB info server, which lists the open JOBs."},
         into<Settings>(&Settings::info_server, read_url)}};
    return table;
}

const SettingsTable<PaymentSettings>& payment_settings() {
    using Settings = PaymentSettings;
    static const SettingsTable<Settings> table{
        whole_number("confirmations", &Settings::confirmations, 1, 1'000, "Blocks until a transaction counts."),
        whole_number("gas_price_max_gwei", &Settings::gas_price_max_gwei, 1, gas_price_max_gwei_limit,
                     "The most that is offered for gas (gwei, paid in ALT). While the endpoint asks for more, nothing "
                     "new is sent, and what waits in the pool is raised up to this price: set it so high that a submit "
                     "before its deadline is never held back by it.")};
    return table;
}

}  // namespace emeth::chain
