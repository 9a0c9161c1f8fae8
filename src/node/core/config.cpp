#include "node/core/config.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <optional>
#include <utility>

#include "chain/amount.hpp"
#include "chain/fee_policy.hpp"
#include "chain/sender/transaction_sender.hpp"
#include "crypto/configured_key.hpp"
#include "trainer_protocol/presets.hpp"

namespace emeth::node {
namespace {

constexpr std::uint64_t day_ms = 86'400'000;
constexpr std::uint64_t gigabyte = 1'000'000'000;

/// What a local worker is told of the master's file.
constexpr std::array worker_keys{"powerCapacity",      "device",
                                 "batchSize",          "threads",
                                 "precision",          "timeout_wait_data",
                                 "timeout_idle",       "timeout_learning",
                                 "timeout_checkpoint", "timeout_cooperation",
                                 "cooperative_host",   "model_cached_size"};

std::string place_of(const EnvConfig& config, const std::string& key) {
    const auto* value = config.find(key);
    return value != nullptr ? value->place : "default";
}

Error bad_value(const EnvConfig& config, const std::string& key, std::string_view expected) {
    return permanent_error(
        fmt::format("{}: {} is '{}'; expected {}", place_of(config, key), key, config.text(key, ""), expected));
}

/// Reads value after value and keeps the first error, so that the settings read as a list.
class Reader {
public:
    explicit Reader(const EnvConfig& config) : config_(config) {}

    http::Url url(const std::string& key, const std::string& fallback) {
        auto parsed = http::Url::parse(config_.text(key, fallback));
        if (parsed.has_value()) return std::move(*parsed);
        return fail<http::Url>(in_context(place_of(config_, key) + ": " + key, parsed.error()));
    }
    Address address(const std::string& key, const std::string& fallback) {
        const auto parsed = Address::parse(config_.text(key, fallback));
        return parsed ? *parsed : fail<Address>(bad_value(config_, key, "an address of 0x and 40 hex digits"));
    }
    Wei wei(const std::string& key, const std::string& fallback) {
        const auto parsed = chain::parse_wei(config_.text(key, fallback));
        return parsed.has_value() ? *parsed : fail<Wei>(bad_value(config_, key, "a whole number of wei"));
    }
    Wei coins(const std::string& key, const std::string& fallback) {
        const auto parsed = chain::parse_coins(config_.text(key, fallback));
        return parsed.has_value() ? *parsed : fail<Wei>(bad_value(config_, key, "an amount like 12.5"));
    }
    std::uint64_t number(const std::string& key, std::uint64_t fallback, std::uint64_t minimum, std::uint64_t maximum) {
        const auto parsed = config_.whole_number(key, fallback, minimum, maximum);
        return parsed.has_value() ? *parsed : fail<std::uint64_t>(parsed.error());
    }
    Milliseconds milliseconds(const std::string& key, std::uint64_t fallback, std::uint64_t minimum) {
        return Milliseconds(number(key, fallback, minimum, day_ms));
    }
    /// One of a fixed set; today's program knows the first alone.
    void only(const std::string& key, const std::string& known) {
        if (config_.text(key, known) != known)
            fail<int>(bad_value(config_, key, "'" + known + "', the only one this version has"));
    }
    std::set<std::uint64_t> numbers(const std::string& key, const std::string& fallback) {
        std::set<std::uint64_t> values;
        for (const auto& text : config_.list(key, fallback)) {
            std::uint64_t value = 0;
            const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
            if (error != std::errc{} || end != text.data() + text.size())
                return fail<std::set<std::uint64_t>>(bad_value(config_, key, "whole numbers, comma-separated"));
            values.insert(value);
        }
        return values;
    }
    void reject(const std::string& key, std::string_view expected) { fail<int>(bad_value(config_, key, expected)); }
    [[nodiscard]] const std::optional<Error>& error() const { return error_; }

private:
    template <class T>
    T fail(Error error) {
        if (!error_) error_ = std::move(error);
        return T{};
    }

    const EnvConfig& config_;
    std::optional<Error> error_;
};

void read_network(Reader& reader, NodeConfig& out) {
    out.endpoint = reader.url("endpoint", "https://testnet.alt.ai");
    out.storage_api = reader.url("storageApi", "https://emeth-storage.testnet.alt.ai");
    out.info_server =
        reader.url("info_server_url", "http://ec2-13-208-214-161.ap-northeast-3.compute.amazonaws.com:3000");
    out.core = reader.address("emethContractAddress", "0xF55e6FB0948B37a197DA974E0A84727022F2D048");
    out.token = reader.address("tokenContractAddress", "0x6652521583190E398c6e59A7Ea41b60E74814b3B");
    out.chain_id = reader.number("chain_id", 60'001, 1, std::numeric_limits<std::uint32_t>::max());
    out.confirmations = reader.number("confirmations", 2, 1, 1'000);
    out.gas_price_max_gwei = reader.number("gas_price_max_gwei", chain::SenderOptions{}.gas_price_max_gwei, 1,
                                           chain::gas_price_max_gwei_limit);
}

void read_selection(Reader& reader, const EnvConfig& config, SelectionPolicy& out) {
    out.min_fee = reader.wei("min_fee", "10000000000000000000");
    out.max_fee = reader.wei("max_fee", "30000000000000000000");
    if (out.min_fee > out.max_fee) reader.reject("min_fee", "no more than max_fee");
    out.program_ids = reader.numbers("program_ids", "0");
    out.rules.epochs_min =
        static_cast<std::uint32_t>(reader.number("n_epoch", out.rules.epochs_min, 1, trainer_protocol::epochs_max));
    out.rules.default_model = config.text("default_model", out.rules.default_model);
    if (!trainer_protocol::find_preset(out.rules.default_model))
        reader.reject("default_model", trainer_protocol::preset_choice());
    out.rules.draws = static_cast<std::uint32_t>(
        reader.number("verification_draws", out.rules.draws, 1, trainer_protocol::draws_max));
    out.deadline_margin_s = static_cast<std::int64_t>(reader.number("deadline_margin_s", 3'600, 0, day_ms / 1'000));
    out.dataset_bytes_max = reader.number("dataset_bytes_max", 10 * gigabyte, dataset_bytes_min, 100 * gigabyte);
    out.disk_reserve_bytes = reader.number("disk_reserve_bytes", gigabyte / 4, 0, 1'000 * gigabyte);
    out.emt_per_alt = reader.coins("emt_per_alt", "0");
    out.miss_rate = reader.number("miss_rate", 1'000, 0, chain::rate_denominator);
    out.reject_rate = reader.number("reject_rate", 1'000, 0, chain::rate_denominator);
    reader.only("priority", "fee");
    const std::string cooperative = config.text("cooperative", "1v1");
    out.cooperative = cooperative == "nvm";
    if (cooperative != "nvm" && cooperative != "1v1")
        reader.reject("cooperative",
                      "1v1 (each JOB by one worker) or nvm (one JOB at a time, by all workers together)");
}

/// my_url is what workers dial; the master listens on its port, on loopback unless listen_host says otherwise.
void read_listening(Reader& reader, const EnvConfig& config, NodeConfig& out) {
    const auto url = reader.url("my_url", "http://127.0.0.1:5000");
    out.worker_port = static_cast<std::uint16_t>(reader.number("worker_port", url.port, 0, 65'535));
    out.listen_host = config.text("listen_host", "127.0.0.1");
    out.worker_whitelist = config.list("worker_whitelist", "*");
    out.jsonrpc_whitelist = config.list("jsonrpc_whitelist", "127.0.0.1");
    out.verifier_lag_s = static_cast<std::int64_t>(reader.number("verifier_lag_s", 60, 0, day_ms / 1'000));
    out.worker_grace = reader.milliseconds("worker_grace_ms", 60'000, 1'000);
}

void read_intervals(Reader& reader, const EnvConfig& config, NodeConfig& out) {
    out.poll_interval = reader.milliseconds("poll_interval_ms", 2'000, 50);
    out.discovery_interval = reader.milliseconds("discovery_interval_ms", 5'000, 50);
    out.rewards_interval = reader.milliseconds("rewards_interval_ms", 300'000, 50);
    out.rebroadcast_interval = reader.milliseconds("rebroadcast_interval_ms", 15'000, 50);
    out.request_timeout = reader.milliseconds("request_timeout_ms", 15'000, 100);
    out.log_level = config.text("log_level", "info");
    constexpr std::array levels{"trace", "debug", "info", "warn", "error"};
    if (std::find(levels.begin(), levels.end(), out.log_level) == levels.end())
        reader.reject("log_level", "trace, debug, info, warn or error");
}

}  // namespace

const std::set<std::string>& known_keys() {
    static const std::set<std::string> keys = [] {
        std::set<std::string> all{
            "endpoint", "storageApi", "info_server_url", "emethContractAddress", "tokenContractAddress", "chain_id",
            "confirmations", "gas_price_max_gwei", "privateKey", "privateKey_file", "min_fee", "max_fee", "program_ids",
            "n_epoch", "default_model", "verification_draws", "deadline_margin_s", "dataset_bytes_max",
            "disk_reserve_bytes", "emt_per_alt", "miss_rate", "reject_rate", "priority", "cooperative", "my_url",
            "worker_port", "listen_host", "worker_whitelist", "jsonrpc_whitelist", "verifier_lag_s", "worker_grace_ms",
            "poll_interval_ms", "discovery_interval_ms", "rewards_interval_ms", "rebroadcast_interval_ms",
            "request_timeout_ms", "log_level",
            // Of published files: the worker's address of its master.
            "master_node_url", "master_address"};
        all.insert(worker_keys.begin(), worker_keys.end());
        return all;
    }();
    return keys;
}

Result<NodeConfig> read_config(const EnvConfig& config) {
    NodeConfig out;
    Reader reader(config);
    read_network(reader, out);
    read_selection(reader, config, out.selection);
    read_listening(reader, config, out);
    read_intervals(reader, config, out);
    for (const char* key : worker_keys)
        if (const auto* value = config.find(key)) out.worker_settings[key] = value->text;
    if (reader.error()) return *reader.error();
    return out;
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
