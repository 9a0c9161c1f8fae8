#include "runtime/memory_limit.hpp"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>

namespace emeth {
namespace {

/// The limit of the group that /proc/self/cgroup names in its line "0::/path"; the largest number if there is none.
std::uint64_t group_limit() {
    std::uint64_t limit = UINT64_MAX;
    std::ifstream groups("/proc/self/cgroup");
    for (std::string line; std::getline(groups, line);) {
        if (!line.starts_with("0::/")) continue;
        std::ifstream file("/sys/fs/cgroup" / std::filesystem::path(line.substr(4)) / "memory.max");
        std::uint64_t value = 0;
        if (file >> value) limit = value;  // "max" is not a number
    }
    return limit;
}

}  // namespace

std::uint64_t memory_limit() {
    const auto machine =
        static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES)) * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    return std::min(machine, group_limit());
}

}  // namespace emeth
