// Real English text to train on: the King James Bible of Debian's bible-kjv package (public domain).
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "runtime/result.hpp"
#include "runtime/task.hpp"

namespace emeth::harness {

/// The whole book, about 4.3 MB; it stays in `folder`, too. An Error if the program 'bible' is missing.
Task<Result<std::string>> read_book(std::filesystem::path folder);

/// Writes one dataset of each size (bytes) into `folder` and returns the files in that order. Those that
/// are shorter than the book begin at different places in it; longer ones are the book over and over.
Task<Result<std::vector<std::filesystem::path>>> write_texts(std::filesystem::path folder,
                                                             std::vector<std::uint64_t> sizes_bytes);

}  // namespace emeth::harness
