// The texts that a requester makes datasets of: the regular files of a folder. Blocks.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "runtime/random.hpp"
#include "runtime/result.hpp"

namespace emeth::network {

/// In name order, at most 10,000; none if the folder cannot be read.
std::vector<std::filesystem::path> texts_in(const std::filesystem::path& folder);

/// About `bytes` bytes (a few less, so that no UTF-8 character is cut) from a place that chance chooses, on through the
/// texts that follow, and again from the first one. The Error names what cannot be read, or says that all are empty.
Result<std::string> cut_text(const std::vector<std::filesystem::path>& texts, std::uint64_t bytes, Random& random);

}  // namespace emeth::network
