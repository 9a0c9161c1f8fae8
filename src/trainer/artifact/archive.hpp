// A tar of a few named files. Writing is deterministic; reading trusts nothing.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/result.hpp"

namespace emeth::trainer {

struct ArchiveMember {
    std::string name;
    std::string_view content;
};

/// Writes `path` completely or not at all: members in the given order, mode 0644, times and owners 0. The same members
/// give the same bytes.
Result<void> write_archive(const std::filesystem::path& path, const std::vector<ArchiveMember>& members);

/// The largest size allowed for each member that may occur.
using MemberLimits = std::map<std::string, std::uint64_t, std::less<>>;

/// Members by name. A permanent Error when the file is not an uncompressed tar, or holds anything but regular files
/// with allowed names, each once and within its limit. Nothing is written to disk.
Result<std::map<std::string, std::string>> read_archive(const std::filesystem::path& path, const MemberLimits& limits);

/// Reads only the first member with that name; all others are skipped.
Result<std::string> read_archive_member(const std::filesystem::path& path, std::string_view name,
                                        std::uint64_t bytes_max);

}  // namespace emeth::trainer
