// Settings of a node that are read again while it runs. Pure.
#pragma once

#include "node/core/config.hpp"
#include "runtime/reload.hpp"

namespace emeth::node {

/// A node's settings, and the text of each.
struct ReadSettings {
    NodeConfig config;
    SettingTexts texts;
};

/// Of all settings in `config`.
SettingTexts node_setting_texts(const EnvConfig& config);

/// Limits, priority, whitelists and log level.
const ReloadTable<NodeConfig>& reloaded_at_once();

}  // namespace emeth::node
