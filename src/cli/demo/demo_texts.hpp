// Real English text for the demo's JOBs: the King James Bible of Debian's bible-kjv package (public domain).
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "runtime/result.hpp"
#include "runtime/task.hpp"

namespace emeth::cli {

/// Writes one dataset of each size (bytes) into `folder` and returns the files in that order. Each begins at another place of the book.
Task<Result<std::vector<std::filesystem::path>>> write_demo_texts(std::filesystem::path folder, std::vector<std::uint64_t> sizes_bytes);

}  // namespace emeth::cli
