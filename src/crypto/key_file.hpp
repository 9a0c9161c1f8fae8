// A private key in a file of mode 0600: one line of hex.
#pragma once

#include <filesystem>

#include "crypto/private_key.hpp"
#include "runtime/result.hpp"

namespace emeth::crypto {

/// Refuses a file that others can read ("chmod 600 …"), and one that does not contain a key.
Result<PrivateKey> load_key_file(const std::filesystem::path& file);
/// Loads the key, or generates it and writes it durably on first use.
Result<PrivateKey> load_or_generate_key_file(const std::filesystem::path& file, Random& random);

}  // namespace emeth::crypto
