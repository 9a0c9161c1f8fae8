#include "cli/master_settings.hpp"

#include "worker/settings.hpp"

namespace emeth::cli {

std::vector<SettingDeclaration> master_settings() {
    return declared(node::node_settings(), worker::worker_settings());
}

Result<node::NodeConfig> read_master_settings(const EnvConfig& config) {
    auto settings = node::read_config(config);
    if (settings.has_error()) return settings;
    for (const auto& setting : worker::training_settings())
        if (const auto* value = config.find(setting.key)) settings->worker_settings[setting.key] = value->text;
    return settings;
}

}  // namespace emeth::cli
