#include "soak/process_tree.hpp"

#include <algorithm>
#include <iterator>
#include <optional>
#include <set>
#include <system_error>

#include "runtime/parse_number.hpp"
#include "runtime/process_stat.hpp"

namespace emeth::soak {

namespace {

namespace fs = std::filesystem;

fs::path link_target(const fs::path& link) {
    std::error_code unreadable;
    return fs::read_symlink(link, unreadable);
}

std::optional<ProcessInfo> read_process(pid_t pid) {
    const auto stat = read_process_stat(pid);
    if (!stat || stat->has_ended()) return std::nullopt;
    const fs::path folder = fs::path("/proc") / std::to_string(pid);
    ProcessInfo info;
    info.key = {pid, stat->started_ticks};
    info.parent = stat->parent;
    info.rss_bytes = stat->rss_bytes;
    info.program = link_target(folder / "exe").filename().string();
    if (info.program.empty()) return std::nullopt;  // a kernel thread, or another user's process
    info.output = link_target(folder / "fd" / "1");
    info.arguments = proc_file_text(folder / "cmdline");
    std::replace(info.arguments.begin(), info.arguments.end(), '\0', ' ');
    return info;
}

}  // namespace

std::vector<ProcessInfo> living_processes() {
    std::vector<ProcessInfo> found;
    for (const auto& entry : fs::directory_iterator("/proc")) {
        const auto pid = parse_number<pid_t>(entry.path().filename().string());
        if (!pid) continue;
        if (auto info = read_process(*pid)) found.push_back(std::move(*info));
    }
    return found;
}

std::vector<ProcessInfo> descendants(const std::vector<ProcessInfo>& processes, pid_t root) {
    std::vector<ProcessInfo> found;
    std::set<pid_t> ancestors{root};
    for (bool grown = true; grown;) {
        grown = false;
        for (const auto& process : processes)
            if (ancestors.contains(process.parent) && ancestors.insert(process.key.pid).second) {
                found.push_back(process);
                grown = true;
            }
    }
    return found;
}

std::vector<ProcessInfo> working_in(const std::vector<ProcessInfo>& processes, const fs::path& folder) {
    const std::string prefix = folder.string() + "/";
    std::vector<ProcessInfo> found;
    std::copy_if(processes.begin(), processes.end(), std::back_inserter(found), [&](const ProcessInfo& process) {
        return process.arguments.find(prefix) != std::string::npos || process.output.string().starts_with(prefix);
    });
    return found;
}

std::uint64_t rss_bytes_of(pid_t pid) {
    const auto info = read_process(pid);
    return info ? info->rss_bytes : 0;
}

}  // namespace emeth::soak
