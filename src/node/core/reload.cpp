#include "node/core/reload.hpp"

#include <fmt/format.h>

#include <set>
#include <utility>

#include "crypto/configured_key.hpp"
#include "runtime/redaction.hpp"

namespace emeth::node {
namespace {

using Copy = void (*)(NodeConfig& running, const NodeConfig& read);

template <auto Member>
void copy(NodeConfig& running, const NodeConfig& read) {
    running.*Member = read.*Member;
}

template <auto Member>
void copy_policy(NodeConfig& running, const NodeConfig& read) {
    running.selection.*Member = read.selection.*Member;
}

const std::map<std::string_view, Copy>& at_once() {
    using Policy = SelectionPolicy;
    static const std::map<std::string_view, Copy> table{
        {"min_fee", copy_policy<&Policy::min_fee>},
        {"max_fee", copy_policy<&Policy::max_fee>},
        {"program_ids", copy_policy<&Policy::program_ids>},
        {"priority", copy_policy<&Policy::priority>},
        {"dataset_bytes_max", copy_policy<&Policy::dataset_bytes_max>},
        {"disk_reserve_bytes", copy_policy<&Policy::disk_reserve_bytes>},
        {"emt_per_alt", copy_policy<&Policy::emt_per_alt>},
        {"miss_rate", copy_policy<&Policy::miss_rate>},
        {"reject_rate", copy_policy<&Policy::reject_rate>},
        {"worker_whitelist", copy<&NodeConfig::worker_whitelist>},
        {"jsonrpc_whitelist", copy<&NodeConfig::jsonrpc_whitelist>},
        {"log_level", copy<&NodeConfig::log_level>},
    };
    return table;
}

}  // namespace

std::map<std::string, std::string> setting_texts(const EnvConfig& config) {
    const std::set<std::string> secrets = keys_of(declared(crypto::key_settings()));
    std::map<std::string, std::string> texts;
    for (const SettingDeclaration& setting : node_settings())
        if (!secrets.contains(setting.key)) texts[setting.key] = config.text(setting.key, setting.default_text);
    return texts;
}

bool takes_effect_at_once(std::string_view key) {
    return at_once().contains(key);
}

std::vector<SettingsChange> changes(const std::map<std::string, std::string>& before,
                                    const std::map<std::string, std::string>& after) {
    std::vector<SettingsChange> found;
    for (const auto& [key, text] : after) {
        const auto earlier = before.find(key);
        if (earlier != before.end() && earlier->second != text) found.push_back({key, earlier->second, text});
    }
    return found;
}

std::string change_sentence(const SettingsChange& change) {
    const std::string before = redacted(change.before), after = redacted(change.after);
    if (takes_effect_at_once(change.key)) return fmt::format("{} is now '{}' (was '{}')", change.key, after, before);
    return fmt::format("{} was changed to '{}', which takes effect at the next start; '{}' stays until then",
                       change.key, after, before);
}

NodeConfig reloaded(NodeConfig started, const NodeConfig& read) {
    for (const auto& [key, apply] : at_once()) apply(started, read);
    return started;
}

}  // namespace emeth::node
