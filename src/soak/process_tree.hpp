// Processes as /proc shows them: who lives, whose child it is, how much memory it holds.
#pragma once

#include <sys/types.h>

#include <compare>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace emeth::soak {

/// A number is given again after a process's end; with its start it is one process for ever.
struct ProcessKey {
    pid_t pid = 0;
    std::uint64_t started_ticks = 0;  ///< since the machine's start
    friend auto operator<=>(const ProcessKey&, const ProcessKey&) = default;
};

struct ProcessInfo {
    ProcessKey key;
    pid_t parent = 0;
    std::string program;           ///< "emeth", "emeth-trainer": the name of its file
    std::string arguments;         ///< separated by spaces
    std::filesystem::path output;  ///< where its standard output goes
    std::uint64_t rss_bytes = 0;
};

/// What a file of /proc says; what could be read of it, when its process ends meanwhile.
std::string contents(const std::filesystem::path& file);

/// Living processes of this user; what has ended and waits to be reaped is not among them.
std::vector<ProcessInfo> living_processes();

/// Those of `processes` that descend from `root`, at any depth; without it.
std::vector<ProcessInfo> descendants(const std::vector<ProcessInfo>& processes, pid_t root);

/// Those that work below `folder`: named in their arguments, or holding their output.
std::vector<ProcessInfo> working_in(const std::vector<ProcessInfo>& processes, const std::filesystem::path& folder);

/// Zero when there is no such process (any more).
std::uint64_t rss_bytes_of(pid_t pid);

}  // namespace emeth::soak
