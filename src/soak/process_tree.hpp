// The living processes as /proc shows them: whose child each is, and how much memory it holds.
#pragma once

#include <sys/types.h>

#include <compare>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace emeth::soak {

/// Process ids are reused; together with its start time an id names one process for ever.
struct ProcessKey {
    pid_t pid = 0;
    std::uint64_t started_ticks = 0;  ///< since boot
    friend auto operator<=>(const ProcessKey&, const ProcessKey&) = default;
};

struct ProcessInfo {
    ProcessKey key;
    pid_t parent = 0;
    std::string program;           ///< the name of its file: "emeth", "emeth-trainer"
    std::string arguments;         ///< separated by spaces
    std::filesystem::path output;  ///< where its standard output goes
    std::uint64_t rss_bytes = 0;
};

/// Living processes of this user, without zombies.
std::vector<ProcessInfo> living_processes();

/// Those of `processes` that descend from `root`, at any depth; `root` itself is not among them.
std::vector<ProcessInfo> descendants(const std::vector<ProcessInfo>& processes, pid_t root);

/// Those that work below `folder`: their arguments name it, or their output goes there.
std::vector<ProcessInfo> working_in(const std::vector<ProcessInfo>& processes, const std::filesystem::path& folder);

/// Zero if there is no such process (any more).
std::uint64_t rss_bytes_of(pid_t pid);

}  // namespace emeth::soak
