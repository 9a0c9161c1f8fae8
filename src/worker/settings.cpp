#include "worker/settings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <utility>

#include "runtime/processors.hpp"
#include "trainer_protocol/trainer_child.hpp"
#include "worker_protocol/messages.hpp"

namespace emeth::worker {
namespace {

constexpr std::uint64_t day_ms = 86'400'000;
constexpr std::uint64_t threads_most = 1'024;
constexpr int cooperation_timeouts_in_a_step = 12;

/// "http://host:port" and "ws://host:port" mean the same here. A path, as of a master behind a
/// proxy, is kept in front of ours.
Result<http::Url> session_url(const EnvConfig& config) {
    const auto text = config.require("master_node_url");
    if (text.has_error()) return text.error();
    auto url = http::Url::parse(*text);
    if (url.has_error()) return in_context(config.find("master_node_url")->place + ": master_node_url", url.error());
    if (url->scheme == "http") url->scheme = "ws";
    if (url->scheme == "https") url->scheme = "wss";
    while (url->target.ends_with('/')) url->target.pop_back();
    url->target += worker_protocol::session_path;
    return url;
}

Error bad_value(const EnvConfig& config, const std::string& key, std::string_view expected) {
    const ConfigValue& value = *config.find(key);
    return permanent_error(fmt::format("{}: {} is '{}'; expected {}", value.place, key, value.text, expected));
}

Result<std::optional<Address>> master_address(const EnvConfig& config) {
    const std::string text = config.text("master_address", "");
    if (text.empty()) return std::optional<Address>();
    const auto address = Address::parse(text);
    if (!address) return bad_value(config, "master_address", "an address of 0x and 40 hex digits");
    return address;
}

bool is_device(const std::string& text) {
    if (text == "cpu" || text == "cuda") return true;
    constexpr std::string_view numbered = "cuda:";
    const std::string_view number = std::string_view(text).substr(std::min(numbered.size(), text.size()));
    return text.starts_with(numbered) && !number.empty() && number.size() <= 3 &&
           std::all_of(number.begin(), number.end(), [](char c) { return c >= '0' && c <= '9'; });
}

Result<trainer_protocol::ComputeOptions> compute_options(const EnvConfig& config) {
    trainer_protocol::ComputeOptions compute;
    compute.device = config.text("device", compute.device);
    if (!is_device(compute.device)) return bad_value(config, "device", "cpu, cuda or cuda:n");
    compute.precision = config.text("precision", compute.precision);
    if (compute.precision != "auto" && compute.precision != "bf16" && compute.precision != "float32")
        return bad_value(config, "precision", "auto, bf16 or float32");
    const auto threads = config.whole_number("threads", processors(), 1, threads_most);
    if (threads.has_error()) return threads.error();
    compute.threads = static_cast<std::uint32_t>(*threads);
    const auto micro_batch = config.whole_number("batchSize", 0, 0, 4'096);
    if (micro_batch.has_error()) return micro_batch.error();
    compute.micro_batch = static_cast<std::uint32_t>(*micro_batch);
    return compute;
}

Result<void> read_limit(const EnvConfig& config, const std::string& key, Milliseconds& limit) {
    const auto value = config.whole_number(key, static_cast<std::uint64_t>(limit.count()), 1'000, 7 * day_ms);
    if (value.has_error()) return value.error();
    limit = Milliseconds(*value);
    return {};
}

Result<StallLimits> stall_limits(const EnvConfig& config) {
    StallLimits limits;
    for (const auto& [key, limit] :
         {std::pair{"timeout_wait_data", &limits.wait_data}, std::pair{"timeout_idle", &limits.idle},
          std::pair{"timeout_learning", &limits.learning}, std::pair{"timeout_checkpoint", &limits.checkpoint}})
        if (const auto read = read_limit(config, key, *limit); read.has_error()) return read.error();
    return limits;
}

/// Cooperation listens on this one address only.
Result<trainer_protocol::CooperationOptions> cooperation_options(const EnvConfig& config, const StallLimits& limits) {
    trainer_protocol::CooperationOptions cooperation;
    cooperation.host = config.text("cooperative_host", cooperation.host);
    boost::system::error_code error;
    const auto address = asio::ip::make_address(cooperation.host, error);
    if (error || address.is_unspecified())
        return bad_value(config, "cooperative_host", "the IP address under which the other workers reach this machine");
    const Milliseconds longest = limits.learning / cooperation_timeouts_in_a_step;
    Milliseconds timeout = std::min(Milliseconds(cooperation.timeout_ms), longest);
    if (const auto read = read_limit(config, "timeout_cooperation", timeout); read.has_error()) return read.error();
    // A leader that waits for a hung helper must not count as hung itself, and forming a group and doing one step may
    // each take this timeout several times.
    if (timeout > longest)
        return bad_value(config, "timeout_cooperation",
                         fmt::format("at most a twelfth of timeout_learning ({} ms)", limits.learning.count()));
    cooperation.timeout_ms = static_cast<std::uint32_t>(std::min<std::int64_t>(timeout.count(), day_ms));
    return cooperation;
}

}  // namespace

const std::set<std::string>& worker_keys() {
    static const std::set<std::string> keys{"master_node_url",    "master_address",
                                            "privateKey",         "privateKey_file",
                                            "powerCapacity",      "device",
                                            "batchSize",          "threads",
                                            "precision",          "timeout_wait_data",
                                            "timeout_idle",       "timeout_learning",
                                            "timeout_checkpoint", "timeout_cooperation",
                                            "cooperative_host",   "log_level",
                                            "model_cached_size"};
    return keys;
}

Result<WorkerSettings> read_settings(const EnvConfig& config, std::filesystem::path data) {
    WorkerSettings settings;
    auto master = session_url(config);
    if (master.has_error()) return master.error();
    settings.master = std::move(*master);
    const auto address = master_address(config);
    if (address.has_error()) return address.error();
    settings.master_address = *address;
    const auto capacity = config.whole_number("powerCapacity", settings.power_capacity, 1, 1'000'000'000);
    if (capacity.has_error()) return capacity.error();
    settings.power_capacity = *capacity;
    const auto states = config.whole_number("model_cached_size", settings.states_bytes_max / gigabyte, 1, 1'000'000);
    if (states.has_error()) return states.error();
    settings.states_bytes_max = *states * gigabyte;
    auto compute = compute_options(config);
    if (compute.has_error()) return compute.error();
    settings.compute = std::move(*compute);
    const auto limits = stall_limits(config);
    if (limits.has_error()) return limits.error();
    settings.limits = *limits;
    auto cooperation = cooperation_options(config, settings.limits);
    if (cooperation.has_error()) return cooperation.error();
    settings.cooperation = std::move(*cooperation);
    settings.data = std::filesystem::absolute(data);
    settings.trainer = trainer_protocol::default_trainer_program();
    return settings;
}

}  // namespace emeth::worker
