// A private key in a file of mode 0600: one line of hex.
#pragma once

#include <filesystem>

#include "crypto/private_key.hpp"
#include "runtime/result.hpp"

namespace emeth::crypto {

/// Refuses a file that others can read ("chmod 600 …"), and one that is no key.
Result<PrivateKey> load_key_file(const std::filesystem::path& file);
/// Loads, or generates and writes durably at first use.
Result<PrivateKey> load_or_generate_key_file(const std::filesystem::path& file, Random& random);

}  // namespace emeth::crypto
