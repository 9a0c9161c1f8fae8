#include "node/core/config.hpp"

#include <fmt/format.h>

#include <optional>
#include <set>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "api_client/storage_api_client.hpp"
#include "chain/amount.hpp"
#include "crypto/configured_key.hpp"
#include "runtime/ip_address.hpp"
#include "runtime/log.hpp"
#include "runtime/parse_number.hpp"
#include "trainer_protocol/presets.hpp"
#include "trainer_protocol/rule_settings.hpp"

namespace emeth::node {
namespace {

constexpr std::uint64_t day_s = 86'400, day_ms = day_s * 1'000;
constexpr std::uint64_t gigabyte = 1'000'000'000;

Result<Wei> read_wei(const SettingValue& value) {
    const auto wei = chain::parse_wei(value.text());
    if (wei.has_error()) return value.refused("a whole number of wei");
    return wei;
}

Result<Wei> read_coins(const SettingValue& value) {
    const auto wei = chain::parse_coins(value.text());
    if (wei.has_error()) return value.refused("an amount like 12.5");
    return wei;
}

/// `parse`: the text of one → Item, none if it is not one.
template <class Parse>
auto read_each(const SettingValue& value, std::string_view expected, Parse parse)
    -> Result<std::vector<typename std::invoke_result_t<Parse, const std::string&>::value_type>> {
    std::vector<typename std::invoke_result_t<Parse, const std::string&>::value_type> items;
    for (const std::string& text : value.list()) {
        auto item = parse(text);
        if (!item) return value.refused(expected);
        items.push_back(*std::move(item));
    }
    return items;
}

/// The same without an order.
template <class Parse>
auto read_set(const SettingValue& value, std::string_view expected, Parse parse)
    -> Result<std::set<typename std::invoke_result_t<Parse, const std::string&>::value_type>> {
    auto items = read_each(value, expected, parse);
    if (items.has_error()) return items.error();
    return std::set(items->begin(), items->end());
}

Result<std::set<std::uint64_t>> read_numbers(const SettingValue& value) {
    return read_set(value, "whole numbers, comma-separated",
                    [](const std::string& text) { return parse_number<std::uint64_t>(text); });
}

std::vector<std::string_view> priority_names() {
    std::vector<std::string_view> names;
    for (const auto& priority : priorities()) names.push_back(priority.name);
    return names;
}

std::string priority_meanings() {
    std::string text;
    for (const auto& priority : priorities())
        text += fmt::format("{}{} ({})", text.empty() ? "" : ", ", priority.name, priority.meaning);
    return text;
}

Result<PriorityList> read_priorities(const SettingValue& value) {
    const std::string expected = alternatives(priority_names()) + ", or several, comma-separated";
    auto list = read_each(value, expected, [](const std::string& name) {
        const auto* priority = find_priority(name);
        return priority == nullptr ? std::nullopt : std::optional(*priority);
    });
    if (list.has_value() && list->empty()) return value.refused(expected);
    return list;
}

/// For names that are kept as they are written.
template <class Known>
auto name_if(Known is_known) {
    return [is_known](const std::string& name) { return is_known(name) ? std::optional(name) : std::nullopt; };
}

Result<std::set<std::string>> read_languages(const SettingValue& value) {
    return read_set(value, "en, ja or both, comma-separated",
                    name_if([](const std::string& name) { return name == "en" || name == "ja"; }));
}

Result<std::set<std::string>> read_models(const SettingValue& value) {
    return read_set(value, trainer_protocol::preset_choice() + ", or several, comma-separated",
                    name_if([](const std::string& name) { return trainer_protocol::find_preset(name).has_value(); }));
}

Result<std::set<Address>> read_addresses(const SettingValue& value) {
    return read_set(value, "addresses of 0x and 40 hex digits, comma-separated", [](const std::string& text) {
        return text.starts_with("0x") ? Address::parse(text) : std::nullopt;
    });
}

Result<HoursOfDay> read_hours(const SettingValue& value) {
    const auto hours = parse_hours(value.list());
    if (!hours) return value.refused("hours of the day or spans of them, comma-separated, like 22-6,12");
    return *hours;
}

Result<std::optional<Wei>> read_allowance(const SettingValue& value) {
    if (value.text() == "exact") return std::optional<Wei>();
    const auto cap = chain::parse_wei(value.text());
    if (cap.has_error() || cap->is_zero()) return value.refused("exact, or a whole number of wei above 0");
    return std::optional(*cap);
}

Result<bool> read_cooperative(const SettingValue& value) {
    if (value.text() != "nvm" && value.text() != "1v1")
        return value.refused("1v1 (each JOB by one worker) or nvm (idle workers help with JOBs)");
    return value.text() == "nvm";
}

const SettingDeclaration min_fee{"min_fee", "10000000000000000000", "The lowest fee that is taken, in wei of EMT."};

Setting<Filters> dataset_bytes_min() {
    return whole_number("dataset_bytes_min", &Filters::dataset_bytes_min, trainer_protocol::dataset_bytes_min,
                        api_client::dataset_bytes_max, "The smallest dataset that is taken (bytes).");
}

SettingsTable<Filters> filter_settings() {
    return {
        {min_fee, into<Filters>(&Filters::min_fee, read_wei)},
        {{"max_fee", "30000000000000000000", "The highest fee that is taken, in wei of EMT."},
         into<Filters>(&Filters::max_fee, read_wei)},
        {{"program_ids", "0", "Programs that this node runs, comma-separated."},
         into<Filters>(&Filters::program_ids, read_numbers)},
        {{"languages", "", "Languages that are taken, comma-separated: en, ja. By default every one."},
         into<Filters>(&Filters::languages, read_languages)},
        {{"models", "", "Presets that are taken, comma-separated. By default every one."},
         into<Filters>(&Filters::models, read_models)},
        dataset_bytes_min(),
        whole_number("dataset_bytes_max", &Filters::dataset_bytes_max, trainer_protocol::dataset_bytes_min,
                     api_client::dataset_bytes_max, "The largest dataset that is taken (bytes)."),
        {{"requesters_preferred", "",
          "Wallets, comma-separated, whose JOBs are taken before all others, whatever the priority."},
         into<Filters>(&Filters::requesters_preferred, read_addresses)},
        {{"requesters_avoided", "", "Wallets, comma-separated, whose JOBs are not taken."},
         into<Filters>(&Filters::requesters_avoided, read_addresses)},
        {{"hours", "0-24",
          "Hours of the UTC day in which deposits are made, comma-separated: 22-6,12 is from 22:00 to 5:59 and from "
          "12:00 to 12:59. What was taken is trained at any hour."},
         into<Filters>(&Filters::hours, read_hours)}};
}

SettingsTable<SelectionPolicy> selection_settings() {
    using Policy = SelectionPolicy;
    constexpr std::uint64_t watts_max = 10'000;
    SettingsTable<Policy> table{
        {{"priority", std::string(priorities().front().name),
          "Which of the JOBs that are worth a deposit is taken first: " + priority_meanings() +
              ". Of several, comma-separated, each decides between JOBs that are equal by those before it."},
         into<Policy>(&Policy::priority, read_priorities)},
        whole_number("deadline_margin_s", &Policy::deadline_margin_s, 0, day_s,
                     "Time to spare between the finish estimate and the deadline (s)."),
        whole_number("disk_reserve_bytes", &Policy::disk_reserve_bytes, 0, 1'000 * gigabyte,
                     "Disk to leave free in the data folder (bytes)."),
        {{"reserve_emt", "0",
          "EMT that the wallet keeps: no deposit is made that would leave less, so the node pauses below it."},
         into<Policy>(&Policy::reserve_emt, read_coins)},
        {{"reserve_alt", "0",
          "ALT that the wallet keeps beside the gas of new JOBs. The transactions of JOBs under way may use it."},
         into<Policy>(&Policy::reserve_alt, read_coins)},
        {{"allowance", "exact",
          "What the contract EmethCore may take from the wallet. exact: each deposit is approved by itself. Or a "
          "standing cap in wei of EMT, which is approved again when it is used up: most deposits then need one "
          "transaction less, and a JOB whose deposit is above it is not taken."},
         into<Policy>(&Policy::allowance_cap, read_allowance)},
        {{"shortfall_max", "0",
          "What a verified JOB may bring less than the rules say (deposit and fee less the verifier's fee), in wei of "
          "EMT. Where the contract keeps more, no JOB is taken."},
         into<Policy>(&Policy::shortfall_max, read_wei)},
        {{"emt_per_alt", "0", "EMT that one ALT of chain gas counts when a JOB's value is estimated; 0: none."},
         into<Policy>(&Policy::emt_per_alt, read_coins)},
        {{"emt_per_kwh", "0", "EMT that a kWh of electricity counts when a JOB's value is estimated; 0: none."},
         into<Policy>(&Policy::emt_per_kwh, read_coins)},
        whole_number(
            "watts", &Policy::watts, 0, watts_max,
            "What each worker's machine draws while it trains, above what it draws anyway (W). 0: all that the worker "
            "measured; where its machine does not tell, electricity counts nothing."),
        whole_number("miss_rate", &Policy::miss_rate, 0, chain::rate_denominator,
                     "Assumed share of deadlines that are missed, of 100000. It counts as much as 20 JOBs beside those "
                     "that this node has finished."),
        whole_number("reject_rate", &Policy::reject_rate, 0, chain::rate_denominator,
                     "Assumed share of results that are rejected, of 100000. It counts as much as 20 JOBs beside this "
                     "node's own verdicts."),
        {{"cooperative", "1v1",
          "1v1: each JOB is trained by one worker. nvm: idle workers help with JOBs, and a team of several takes one "
          "that one worker would finish too late; their trainers must reach one another (cooperative_host in "
          "config/worker.env)."},
         into<Policy>(&Policy::cooperative, read_cooperative)}};
    return joined<Policy>(filter_settings(), table, rows_of(&Policy::rules, trainer_protocol::epochs_settings()),
                          rows_of(&Policy::rules, trainer_protocol::rule_settings()));
}

Result<std::optional<ListenAddress>> read_listen_address(const SettingValue& value) {
    const std::string text = value.text();
    if (text.empty()) return std::optional<ListenAddress>();
    const std::size_t colon = text.rfind(':');
    ListenAddress address{text.substr(0, colon)};
    if (address.host.starts_with('[') && address.host.ends_with(']'))
        address.host = address.host.substr(1, address.host.size() - 2);
    const std::string_view port = colon == std::string::npos ? "" : std::string_view(text).substr(colon + 1);
    const auto number = parse_number<std::uint16_t>(port);
    if (address.host.empty() || !number)
        return value.refused("an IP address and a port, like 127.0.0.1:5001 or [::1]:5001");
    address.port = *number;
    return std::optional(std::move(address));
}

SettingsTable<NodeConfig> listening_settings() {
    const auto port_of_url = [](const SettingValue& value, NodeConfig& out) -> Result<void> {
        const auto url = chain::read_url(value);
        if (url.has_error()) return url.error();
        out.worker_port = url->port;
        out.my_url = *url;
        return {};
    };
    const auto own_port = [](const SettingValue& value, NodeConfig& out) -> Result<void> {
        if (value.text().empty()) return {};
        const auto port = value.whole_number(0, 65'535);
        if (port.has_error()) return port.error();
        out.worker_port = static_cast<std::uint16_t>(*port);
        return {};
    };
    return {
        {{"my_url", "http://127.0.0.1:5000",
          "What workers dial; the master listens on its port. A worker that dialled another name or port is refused, "
          "since somebody may stand between; addresses of this machine need not be named."},
         port_of_url},
        {{"worker_port", "", "The port to listen on where it is not the one of my_url, as behind a proxy."}, own_port},
        text("listen_host", &NodeConfig::listen_host,
             "The address to listen on; 0.0.0.0: every address of the machine."),
        {{"admin_listen", "",
          "Address and port of the dashboard, /metrics and JSON-RPC. By default they share the workers' port where "
          "listen_host and my_url are this machine's loopback; else 127.0.0.1 and the port after worker_port."},
         into<NodeConfig>(&NodeConfig::admin_listen, read_listen_address)},
        text_list(
            "worker_whitelist", &NodeConfig::worker_whitelist, "",
            "Which workers may connect besides those that the master starts itself: addresses of wallets or "
            "networks, comma-separated. * lets in everyone who reaches the port, and a stranger's worker can cost "
            "deposits."),
        text_list("jsonrpc_whitelist", &NodeConfig::jsonrpc_whitelist, "127.0.0.1",
                  "Who may look at the dashboard, /metrics and the list of workers without the token, written like "
                  "worker_whitelist; this machine always may."),
        whole_number("verifier_lag_s", &NodeConfig::verifier_lag_s, 0, day_s,
                     "How long after its deadline a JOB is expected to stay open for a late submit (s)."),
        whole_number("worker_grace_ms", &NodeConfig::worker_grace, 1'000, day_ms,
                     "How long a worker may be away before its JOB goes to another one (ms)."),
        whole_number("worker_patience_ms", &NodeConfig::worker_patience, 10'000, 30 * day_ms,
                     "How long a worker may hold a JOB and bring neither dataset nor checkpoint nor a part of the "
                     "result before the JOB goes to another one (ms); long JOBs have more time.")};
}

SettingsTable<NodeConfig> running_settings() {
    return {
        whole_number("verdict_confirmations", &NodeConfig::verdict_confirmations, 1, 1'000,
                     "Blocks until a verdict counts, if that is more than confirmations. Until then the worker "
                     "keeps what it would have to show if a reorganisation moved the submit to another block. Set it "
                     "low on a chain without blocks on a schedule."),
        whole_number("poll_interval_ms", &NodeConfig::poll_interval, 50, day_ms,
                     "Time between two polls of the chain (ms)."),
        whole_number("discovery_interval_ms", &NodeConfig::discovery_interval, 50, day_ms,
                     "Time between two rounds of looking for open JOBs (ms)."),
        whole_number("rebroadcast_interval_ms", &NodeConfig::rebroadcast_interval, 50, day_ms,
                     "Time between two broadcasts of a transaction that waits to be mined (ms)."),
        whole_number("request_timeout_ms", &NodeConfig::request_timeout, 100, day_ms,
                     "How long to wait for an answer of the endpoint (ms)."),
        one_of("log_level", &NodeConfig::log_level, {"trace", "debug", "info", "warn", "error"},
               "What is logged: trace, debug, info, warn or error."),
        one_of("log_format", &NodeConfig::log_format, {log_text, log_json},
               "How the log is written: text, or json, one object a line.")};
}

/// An amount that was probably meant in EMT: less than a millionth of one.
std::optional<std::string> doubt_about(std::string_view key, const Wei& fee) {
    constexpr std::uint64_t credible_wei = 1'000'000'000'000;
    if (fee.is_zero() || fee >= chain::to_wei(credible_wei)) return std::nullopt;
    const std::string number = chain::format_wei(fee);
    constexpr std::size_t credible_digits = 6;  // nobody means more than a million EMT
    const bool is_meant = number.size() <= credible_digits;
    return fmt::format("{}={} is {} wei of EMT, almost nothing; for {} EMT write {}{}", key, number, number,
                       is_meant ? number : "1", is_meant ? number : "1", std::string(18, '0'));
}

const SettingsTable<NodeConfig>& table() {
    static const SettingsTable<NodeConfig> rows = joined<NodeConfig>(
        chain::network_settings(), chain::payment_settings(), rows_of(&NodeConfig::selection, selection_settings()),
        listening_settings(), http::listener_settings(), running_settings());
    return rows;
}

}  // namespace

std::vector<SettingDeclaration> node_settings() {
    return declared(table(), crypto::key_settings());
}

Result<NodeConfig> read_config(const EnvConfig& config) {
    NodeConfig out;
    if (auto read = read_settings(config, table(), out); read.has_error()) return read.error();
    if (out.selection.dataset_bytes_min > out.selection.dataset_bytes_max) {
        const SettingDeclaration smallest = dataset_bytes_min();
        return SettingValue(config, smallest)
            .refused(fmt::format("no more than dataset_bytes_max, which is {}", out.selection.dataset_bytes_max));
    }
    if (out.selection.min_fee > out.selection.max_fee) {
        const Error refused =
            SettingValue(config, min_fee)
                .refused("no more than max_fee, which is " + chain::format_wei(out.selection.max_fee));
        const auto doubt = doubt_about("max_fee", out.selection.max_fee);
        return doubt ? permanent_error(refused.message + "; " + *doubt) : refused;
    }
    return out;
}

std::optional<ListenAddress> admin_listener(const NodeConfig& config) {
    if (config.admin_listen) return config.admin_listen;
    if (is_this_machine(config.listen_host) && is_this_machine(config.my_url.host)) return std::nullopt;
    constexpr std::uint16_t last_port = 65'535;
    const bool has_next = config.worker_port != 0 && config.worker_port != last_port;
    return ListenAddress{"127.0.0.1", static_cast<std::uint16_t>(has_next ? config.worker_port + 1 : 0)};
}

std::vector<std::string> doubts(const NodeConfig& config) {
    std::vector<std::string> doubts = chain::doubts(config);
    for (const auto& [key, fee] :
         {std::pair("min_fee", config.selection.min_fee), std::pair("max_fee", config.selection.max_fee)})
        if (auto doubt = doubt_about(key, fee)) doubts.push_back(*std::move(doubt));
    if (const auto& cap = config.selection.allowance_cap)
        if (auto doubt = doubt_about("allowance", *cap)) doubts.push_back(*std::move(doubt));
    return doubts;
}

Result<crypto::PrivateKey> read_private_key(const EnvConfig& config) {
    auto key = crypto::configured_key(config);
    if (key.has_error()) return key.error();
    if (!*key)
        return permanent_error(fmt::format("no wallet: set privateKey_file or privateKey in {}, or in the environment",
                                           config.file_place()));
    return std::move(**key);
}

}  // namespace emeth::node
