// Settings that are read again while the node runs: what changed, and what of it takes effect at once. Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "node/core/config.hpp"
#include "runtime/env_config.hpp"

namespace emeth::node {

/// A node's settings, and the text of each as it was written or by default. Secrets have no text.
struct ReadSettings {
    NodeConfig config;
    std::map<std::string, std::string> texts;
};

/// The texts of all settings in `config`.
std::map<std::string, std::string> setting_texts(const EnvConfig& config);

/// Limits, priority, whitelists and log level; everything else waits for the next start.
bool takes_effect_at_once(std::string_view key);

struct SettingsChange {
    std::string key, before, after;
};
/// By key.
std::vector<SettingsChange> changes(const std::map<std::string, std::string>& before,
                                    const std::map<std::string, std::string>& after);
/// "min_fee is now 5 (was 3)", or what stays until the next start.
std::string change_sentence(const SettingsChange& change);

/// `started`, the settings of the start, with whatever takes effect at once as in `read`.
NodeConfig reloaded(NodeConfig started, const NodeConfig& read);

}  // namespace emeth::node
