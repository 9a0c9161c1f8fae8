// The room of the formats: what a trainer reads that strangers wrote, each as a plain function from bytes to values and
// back. It trusts nothing and includes no torch, so that fuzz targets can be built with it.
//
// This header: a tar of a few named files. Writing is deterministic.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
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

/// Takes the bytes of a member piece by piece; an Error ends the reading.
using MemberSink = std::function<Result<void>(std::string_view)>;

/// How a member is read.
struct MemberRule {
    std::uint64_t bytes_max = 0;  ///< more is an Error
    MemberSink sink{};            ///< takes the content, so that it is not kept
};
using MemberRules = std::map<std::string, MemberRule, std::less<>>;

/// Members by name; the content of one with a sink is empty. A permanent Error when the file is not an uncompressed
/// tar, or holds anything but regular files that have a rule, each once and within it. A size that a header claims is
/// compared with the rule and with the size of the file before anything is allocated. Nothing is written to disk.
Result<std::map<std::string, std::string>> read_archive(const std::filesystem::path& path, const MemberRules& rules);

/// Reads only the first member with that name; all others are skipped.
Result<std::string> read_archive_member(const std::filesystem::path& path, std::string_view name,
                                        std::uint64_t bytes_max);

}  // namespace emeth::trainer
