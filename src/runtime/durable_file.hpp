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

/// What a published file outlives. Syncing takes tens of milliseconds: a file whose loss costs no more than that, and
/// which shows when it is damaged, can do without.
enum class Outlives : std::uint8_t { power_loss, kills };

/// fsync(file) + rename + fsync(folder) for a temporary that was written piece by piece; without the syncs where it
/// need not outlive a power loss.
Result<void> publish_file(const std::filesystem::path& temporary, const std::filesystem::path& path,
                          Outlives outlives = Outlives::power_loss);

/// Reads a whole regular file; an Error if it is larger than `bytes_max` or not a regular file.
Result<std::string> read_file(const std::filesystem::path& path, std::uint64_t bytes_max);

Result<void> create_folder(const std::filesystem::path& path, mode_t mode = 0755);

/// Bytes available to this user on the file system of `path`.
Result<std::uint64_t> free_bytes(const std::filesystem::path& path);

}  // namespace emeth
