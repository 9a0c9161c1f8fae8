// The secret with which an operator may act on the dashboard: whoever can read the data folder has it.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "runtime/random.hpp"
#include "runtime/result.hpp"

namespace emeth::node {

/// 32 random bytes as 64 hex digits, in a file (0600) that is made if it is absent. The Error names the file and never
/// its content.
Result<std::string> load_or_make_token(const std::filesystem::path& file, Random& random);

/// Takes as long for a wrong token as for the right one.
bool is_token(std::string_view given, std::string_view token);

}  // namespace emeth::node
