// Files that are either complete or absent: temp → fsync → rename → fsync of the folder.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "runtime/result.hpp"

namespace emeth {

/// Writes `path` durably and atomically with the given mode. The temporary is "<path>.tmp-<pid>-<n>", created with
/// O_EXCL and removed on failure.
Result<void> write_file_durably(const std::filesystem::path& path, std::span<const std::uint8_t> bytes,
                                mode_t mode = 0644);
Result<void> write_file_durably(const std::filesystem::path& path, std::string_view text, mode_t mode = 0644);

/// Removes temporaries in and below `folder` whose writers were killed before they renamed them. (Each write removes
/// those of its own file.) Best effort: they only take up space.
void remove_leftovers_below(const std::filesystem::path& folder);

/// fsync(file) + rename + fsync(folder) for a temporary that was written piece by piece.
Result<void> publish_file(const std::filesystem::path& temporary, const std::filesystem::path& path);

/// Reads a whole regular file; an Error if it is larger than `bytes_max` or not a regular file.
Result<std::string> read_file(const std::filesystem::path& path, std::uint64_t bytes_max);

Result<void> create_folder(const std::filesystem::path& path, mode_t mode = 0755);

/// Bytes available to this user on the file system of `path`.
Result<std::uint64_t> free_bytes(const std::filesystem::path& path);

}  // namespace emeth
