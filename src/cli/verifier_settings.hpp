// The settings of the verifier, beside those of every participant that sends transactions.
#pragma once

#include <vector>

#include "network/verifier/verifier.hpp"
#include "runtime/setting.hpp"

namespace emeth::cli {

const SettingsTable<network::VerifierOptions>& verifier_table();

/// Every setting of a verifier.
std::vector<SettingDeclaration> verifier_settings();

}  // namespace emeth::cli
