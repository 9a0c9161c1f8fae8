#include "cli/shared_settings.hpp"

#include <map>

#include "cli/master_settings.hpp"
#include "cli/network_settings.hpp"
#include "cli/storage_settings.hpp"
#include "cli/verifier_settings.hpp"
#include "network/requester/mix_settings.hpp"
#include "runtime/log.hpp"

namespace emeth::cli {
namespace {

/// A node that is upgraded while deposits are locked must start with the file that it has.
const std::map<std::string, std::string> former_settings{
    {"rewards_interval_ms", "rewards are withdrawn once a day, in the first minutes after 0:00 UTC"}};

}  // namespace

const std::set<std::string>& keys_of_all_commands() {
    static const std::set<std::string> all = keys_of(
        declared(master_settings(), verifier_settings(), actor_settings(), storage_table(), network::mix_settings()));
    return all;
}

std::set<std::string> accepted_keys() {
    std::set<std::string> keys = keys_of_all_commands();
    for (const auto& [key, now] : former_settings) keys.insert(key);
    return keys;
}

void tell_ignored(const EnvConfig& config, const std::set<std::string>& own_keys) {
    for (const std::string& key : keys_of_all_commands()) {
        const ConfigValue* value = own_keys.contains(key) ? nullptr : config.find(key);
        if (value != nullptr) spdlog::debug("{}: {} is a setting of another command, and ignored", value->place, key);
    }
    for (const auto& [key, now] : former_settings)
        if (const ConfigValue* value = config.find(key); value != nullptr)
            spdlog::warn("{}: {} is no setting any more, and ignored: {}; remove the line", value->place, key, now);
}

}  // namespace emeth::cli
