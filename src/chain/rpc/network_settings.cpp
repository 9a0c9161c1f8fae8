#include "chain/rpc/network_settings.hpp"

#include <fmt/format.h>

#include <limits>
#include <utility>

#include "crypto/secret_file.hpp"
#include "http/authorization.hpp"
#include "http/listener_settings.hpp"
#include "runtime/ip_address.hpp"

namespace emeth::chain {
namespace {

constexpr std::size_t auth_file_bytes_max = 4'096;

Result<void> read_endpoint(const SettingValue& value, NetworkSettings& out) {
    auto login = http::parse_url_with_login(value.text());
    if (login.has_error()) return value.in_context(login.error());
    if (!login->authorization.empty())
        if (auto kept = value.check_secret("endpoint_auth_file"); kept.has_error()) return kept;
    out.endpoint = Endpoint(std::move(login->url), std::move(login->authorization));
    return {};
}

/// After `endpoint`.
Result<void> read_endpoint_auth(const SettingValue& value, NetworkSettings& out) {
    if (value.text().empty()) return {};
    if (!out.endpoint.authorization.empty())
        return value.in_context(permanent_error("the URL of `endpoint` has a user name already; keep one of them"));
    // A path has no blank before its first slash; credentials in its place are not repeated.
    if (value.text().find_first_of(" \t") < value.text().find('/'))
        return value.in_context(permanent_error("expected the path of a file that holds the credentials"));
    const auto text = crypto::read_secret_file(value.text(), "file", auth_file_bytes_max);
    if (text.has_error()) return value.in_context(text.error());
    auto authorization = http::read_authorization(*text);
    if (authorization.has_error()) return value.in_context(in_context(value.text(), authorization.error()));
    out.endpoint.authorization = std::move(*authorization);
    return {};
}

Result<http::Url> read_url_or_none(const SettingValue& value) {
    if (value.text() == "none") return http::Url{};
    return read_url(value);
}

}  // namespace

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
        {{"endpoint", "https://testnet.alt.ai",
          "JSON-RPC endpoint of the chain; https://user:password@host where it wants to know who asks."},
         read_endpoint},
        {{"endpoint_auth_file", "",
          "A file of mode 0600 with what the endpoint is told, one line: basic USER:PASSWORD or bearer TOKEN."},
         read_endpoint_auth},
        whole_number("chain_id", &Settings::chain_id, 1, std::numeric_limits<std::uint32_t>::max(),
                     "Number of the chain; the endpoint must say the same."),
        {{"emethContractAddress", "0xF55e6FB0948B37a197DA974E0A84727022F2D048", "Address of the contract EmethCore."},
         into<Settings>(&Settings::core, read_address)},
        {{"tokenContractAddress", "0x6652521583190E398c6e59A7Ea41b60E74814b3B", "Address of the token EMT."},
         into<Settings>(&Settings::token, read_address)},
        {{"storageApi", "https://emeth-storage.testnet.alt.ai", "The Storage API, which holds datasets and results."},
         into<Settings>(&Settings::storage_api, read_url)},
        {{"info_server_url", "http://ec2-13-208-214-161.ap-northeast-3.compute.amazonaws.com:3000",
          "The JOB info server, which lists the open JOBs. none: there is none, and a node reads them from the "
          "contract, as it does while the server is down or stale."},
         into<Settings>(&Settings::info_server, read_url_or_none)},
        http::ca_setting(&Settings::ca)};
    return table;
}

std::vector<std::string> doubts(const NetworkSettings& settings) {
    const http::Url& url = settings.endpoint.url;
    if (settings.endpoint.authorization.empty() || url.scheme == "https" || is_loopback(url.host)) return {};
    return {fmt::format("{} is sent the endpoint's password or token without encryption; use https", url.origin())};
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
