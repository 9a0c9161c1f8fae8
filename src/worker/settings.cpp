#include "worker/settings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <utility>

#include "crypto/configured_key.hpp"
#include "http/listener_settings.hpp"
#include "runtime/log.hpp"
#include "runtime/processors.hpp"
#include "trainer_protocol/trainer_child.hpp"
#include "worker_protocol/messages.hpp"

namespace emeth::worker {
namespace {

constexpr std::uint64_t day_ms = 86'400'000;
constexpr std::uint64_t threads_most = 1'024;
constexpr std::uint64_t power_capacity_most = 1'000'000'000;
constexpr int cooperation_timeouts_in_a_step = 12;
constexpr const char* timeout_cooperation = "timeout_cooperation";

Result<std::string> read_device(const SettingValue& value) {
    if (!trainer_protocol::is_device(value.text())) return value.refused("cpu, cuda, cuda:n or auto");
    return value.text();
}

/// "http://host:port" and "ws://host:port" mean the same here; a path of the master behind a proxy is kept in front of
/// ours.
Result<http::Url> read_master_url(const SettingValue& value) {
    const auto text = value.required();
    if (text.has_error()) return text.error();
    auto url = http::Url::parse(*text);
    if (url.has_error()) return value.in_context(url.error());
    if (url->scheme == "http") url->scheme = "ws";
    if (url->scheme == "https") url->scheme = "wss";
    while (url->target.ends_with('/')) url->target.pop_back();
    url->target += worker_protocol::session_path;
    return url;
}

Result<std::optional<Address>> read_master_address(const SettingValue& value) {
    if (value.text().empty()) return std::optional<Address>();
    const auto address = Address::parse(value.text());
    if (!address) return value.refused("an address of 0x and 40 hex digits");
    return address;
}

Result<std::uint32_t> read_threads(const SettingValue& value) {
    if (value.text().empty()) return processors();
    const auto threads = value.whole_number(1, threads_most);
    if (threads.has_error()) return threads.error();
    return static_cast<std::uint32_t>(*threads);
}

Result<std::string> read_cooperative_host(const SettingValue& value) {
    boost::system::error_code error;
    const auto address = asio::ip::make_address(value.text(), error);
    if (error || address.is_unspecified())
        return value.refused("the IP address under which the other workers reach this machine");
    return value.text();
}

Result<std::uint64_t> read_power_capacity(const SettingValue& value) {
    if (value.text().empty()) return std::uint64_t{0};
    return value.whole_number(1, power_capacity_most);
}

SettingsTable<WorkerSettings> identity_table() {
    using Settings = WorkerSettings;
    return {{{"master_node_url", "", "Where the master listens for its workers."},
             into<Settings>(&Settings::master, read_master_url)},
            {{"master_address", "",
              "The address of the master's wallet, which the master must prove to own; unset, any master is trusted."},
             into<Settings>(&Settings::master_address, read_master_address)},
            one_of("log_level", &Settings::log_level, {"trace", "debug", "info", "warn", "error"},
                   "What is logged: trace, debug, info, warn or error."),
            one_of("log_format", &Settings::log_format, {log_text, log_json},
                   "How the log is written: text, or json, one object a line.")};
}

SettingsTable<trainer_protocol::ComputeOptions> compute_table() {
    using Options = trainer_protocol::ComputeOptions;
    return {
        {{"device", Options{}.device,
          "cpu, cuda, cuda:n, or auto: the first GPU where there is one. A GPU needs a build with a libtorch that has "
          "CUDA (./emeth build --torch)."},
         into<Options>(&Options::device, read_device)},
        {{"threads", "", "Threads of the trainer; unset, one for each processor."},
         into<Options>(&Options::threads, read_threads)},
        whole_number("batchSize", &Options::micro_batch, 0, 4'096,
                     "Sequences in a micro-batch; 0: the trainer finds how many fit."),
        one_of("precision", &Options::precision, {"auto", "bf16", "float32"},
               "auto, bf16 or float32; auto is bf16 where the processor has it and it pays. A JOB in training keeps "
               "its number type.")};
}

SettingsTable<StallLimits> stall_table() {
    constexpr std::uint64_t shortest = 1'000, longest = 7 * day_ms;
    return {whole_number("timeout_wait_data", &StallLimits::wait_data, shortest, longest,
                         "A transfer in which no byte of a dataset or result moves for so long (ms) is begun again."),
            whole_number("timeout_idle", &StallLimits::idle, shortest, longest,
                         "A trainer that says nothing for so long before the first step (ms) is started again."),
            whole_number("timeout_learning", &StallLimits::learning, shortest, longest,
                         "A trainer that does no step for so long while it trains (ms) is started again."),
            whole_number("timeout_checkpoint", &StallLimits::checkpoint, shortest, longest,
                         "A trainer that says nothing for so long after the last step (ms) is started again.")};
}

/// Nothing of the cooperation listens on more than this one address.
SettingsTable<trainer_protocol::CooperationOptions> cooperation_table() {
    using Options = trainer_protocol::CooperationOptions;
    return {{{"cooperative_host", Options{}.host,
              "Where the master says cooperative=nvm: the IP address of this machine under which the trainers of other "
              "workers reach it. They talk to each other without encryption, and a stranger who reaches their ports "
              "can make them abort: let it be an address of a private network. The default serves workers on one "
              "machine."},
             into<Options>(&Options::host, read_cooperative_host)},
            whole_number(timeout_cooperation, &Options::timeout_ms, 1'000, 7 * day_ms,
                         "A trainer of the group that gives no sign for so long (ms) counts as lost; at most a twelfth "
                         "of timeout_learning.")};
}

const SettingsTable<WorkerSettings>& training_table() {
    using Settings = WorkerSettings;
    const auto read_states = [](const SettingValue& value, Settings& out) -> Result<void> {
        const auto states = value.whole_number(1, 1'000'000);
        if (states.has_error()) return states.error();
        out.states_bytes_max = *states * gigabyte;
        return {};
    };
    static const SettingsTable<Settings> table = joined<Settings>(
        SettingsTable<Settings>{
            {{"powerCapacity", "",
              "Overrides what the worker measures of itself: gas * 1,000,000 / powerCapacity is then the time of a JOB "
              "in seconds. The network publishes 27300 for one RTX 3080."},
             into<Settings>(&Settings::power_capacity, read_power_capacity)},
            {{"model_cached_size", std::to_string(Settings{}.states_bytes_max / gigabyte),
              "Disk for the states that verification may ask to see, kept until the verdict, of all JOBs together "
              "(GB): for each JOB at least 38 states of 12 bytes a weight, 74 MiB with nano and 53 GiB with gpt2; more "
              "for long runs, one for each 32 steps, and for more than 4 epochs, 8 an epoch."},
             read_states},
            http::ca_setting(&Settings::ca)},
        rows_of(&Settings::compute, compute_table()), rows_of(&Settings::limits, stall_table()),
        rows_of(&Settings::cooperation, cooperation_table()));
    return table;
}

/// A leader whose helper hangs must not count as hanging itself: forming a group and a step take it a few timeouts.
Result<void> limit_cooperation(const EnvConfig& config, WorkerSettings& settings) {
    const Milliseconds longest = settings.limits.learning / cooperation_timeouts_in_a_step;
    const bool given = config.find(timeout_cooperation) != nullptr;
    const Milliseconds timeout(settings.cooperation.timeout_ms);
    if (given && timeout > longest)
        return SettingValue(config, {timeout_cooperation, "", ""})
            .refused(fmt::format("at most a twelfth of timeout_learning ({} ms)", settings.limits.learning.count()));
    settings.cooperation.timeout_ms = static_cast<std::uint32_t>(std::min(timeout, longest).count());
    return {};
}

}  // namespace

std::vector<SettingDeclaration> worker_settings() {
    return declared(identity_table(), crypto::key_settings(), training_table());
}

std::vector<SettingDeclaration> training_settings() {
    return declared(training_table());
}

Result<WorkerSettings> read_training_settings(const EnvConfig& config) {
    WorkerSettings settings;
    auto read = emeth::read_settings(config, training_table(), settings);
    if (read.has_error()) return read.error();
    if (auto limited = limit_cooperation(config, settings); limited.has_error()) return limited.error();
    return settings;
}

Result<WorkerSettings> read_settings(const EnvConfig& config, std::filesystem::path data) {
    WorkerSettings settings;
    auto read = emeth::read_settings(config, joined<WorkerSettings>(identity_table(), training_table()), settings);
    if (read.has_error()) return read.error();
    if (auto limited = limit_cooperation(config, settings); limited.has_error()) return limited.error();
    settings.data = std::filesystem::absolute(data);
    settings.trainer = trainer_protocol::default_trainer_program();
    return settings;
}

}  // namespace emeth::worker
