// Where anvil is.
#pragma once

#include <filesystem>
#include <string>

#include "runtime/result.hpp"

namespace emeth::cli {

/// `chosen` if not empty, else contracts/node_modules/.bin/anvil of the checkout that this program was built in, else
/// from PATH. The Error says how to get it.
Result<std::filesystem::path> find_anvil(const std::string& chosen);

}  // namespace emeth::cli
