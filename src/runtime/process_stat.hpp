// What /proc says about a process.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace emeth {

struct ProcessStat {
    char state = '?';  ///< as proc(5) names it: 'R', 'S', …, 'Z' for a zombie, 'X' for a dead process
    pid_t parent = 0;
    std::uint64_t cpu_ticks = 0;      ///< in user and system mode; sysconf(_SC_CLK_TCK) ticks per second
    std::uint64_t started_ticks = 0;  ///< since boot
    std::uint64_t rss_bytes = 0;

    /// Also true for a zombie, which a signal would still reach.
    [[nodiscard]] bool has_ended() const { return state == 'Z' || state == 'X'; }
};

/// Empty if the process does not exist.
std::optional<ProcessStat> read_process_stat(pid_t pid);

/// The text of a file below /proc, or as much as could be read if its process ended meanwhile.
std::string proc_file_text(const std::filesystem::path& file);

}  // namespace emeth
