// The wallet named by the settings.
#pragma once

#include <optional>
#include <vector>

#include "crypto/private_key.hpp"
#include "runtime/env_config.hpp"
#include "runtime/result.hpp"
#include "runtime/setting.hpp"

namespace emeth::crypto {

/// privateKey and privateKey_file, which configured_key() reads.
const std::vector<SettingDeclaration>& key_settings();

/// The key given as `privateKey` or in the file named by `privateKey_file`; none if neither is set. Refused: both at
/// once, a key file or a settings file with `privateKey` that others can read ("chmod 600 …"), and anything that is not
/// a key.
Result<std::optional<PrivateKey>> configured_key(const EnvConfig& config);

}  // namespace emeth::crypto
