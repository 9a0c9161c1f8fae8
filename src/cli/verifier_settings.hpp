// The settings of the verifier, beside those of every participant that sends transactions.
#pragma once

#include <string>
#include <vector>

#include "http/listener_settings.hpp"
#include "network/verifier/verifier.hpp"
#include "runtime/reload.hpp"
#include "runtime/setting.hpp"

namespace emeth::cli {

struct VerifierSettings : network::VerifierOptions, http::ListenerSettings {
    std::string log_level = "info", log_format = "text";
};

const SettingsTable<VerifierSettings>& verifier_table();
/// Its limits and the log level.
const ReloadTable<VerifierSettings>& verifier_reloads();

/// Every setting of a verifier.
std::vector<SettingDeclaration> verifier_settings();

}  // namespace emeth::cli
