#include "cli/shared_settings.hpp"

#include "cli/master_settings.hpp"
#include "cli/network_settings.hpp"
#include "cli/storage_settings.hpp"
#include "cli/verifier_settings.hpp"
#include "network/requester/mix_settings.hpp"
#include "runtime/log.hpp"

namespace emeth::cli {

const std::set<std::string>& keys_of_all_commands() {
    static const std::set<std::string> all = keys_of(
        declared(master_settings(), verifier_settings(), actor_settings(), storage_table(), network::mix_settings()));
    return all;
}

void tell_ignored(const EnvConfig& config, const std::set<std::string>& own_keys) {
    for (const std::string& key : keys_of_all_commands()) {
        const ConfigValue* value = own_keys.contains(key) ? nullptr : config.find(key);
        if (value != nullptr) spdlog::debug("{}: {} is a setting of another command, and ignored", value->place, key);
    }
}

}  // namespace emeth::cli
