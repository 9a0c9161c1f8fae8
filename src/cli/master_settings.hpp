// The settings of the master and of the operator's commands: those of the node, and those that its local workers take
// from the same file.
#pragma once

#include <vector>

#include "node/core/config.hpp"

namespace emeth::cli {

/// Published files of a master hold the settings of its workers as well, so all of those are known here.
std::vector<SettingDeclaration> master_settings();

/// node::read_config() and what local workers are told. Errors name key, value, place and what was expected.
Result<node::NodeConfig> read_master_settings(const EnvConfig& config);

}  // namespace emeth::cli
