#include "soak/process_tree.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>
#include <optional>
#include <set>
#include <sstream>
#include <system_error>

#include "runtime/file_descriptor.hpp"

namespace emeth::soak {

namespace {

namespace fs = std::filesystem;

fs::path link_target(const fs::path& link) {
    std::error_code unreadable;
    return fs::read_symlink(link, unreadable);
}

/// proc(5): the fields after the name, which is in brackets and may hold anything: state, parent, …, start time (the
/// 20th), …, resident pages (the 22nd).
std::optional<ProcessInfo> read_process(pid_t pid) {
    const fs::path folder = fs::path("/proc") / std::to_string(pid);
    const std::string stat = contents(folder / "stat");
    const auto name_end = stat.rfind(')');
    if (name_end == std::string::npos) return std::nullopt;
    std::istringstream stream(stat.substr(name_end + 1));
    const std::vector<std::string> fields{std::istream_iterator<std::string>(stream), {}};
    constexpr std::size_t parent = 1, start_time = 19, resident_pages = 21;
    if (fields.size() <= resident_pages || fields[0] == "Z" || fields[0] == "X") return std::nullopt;
    ProcessInfo info;
    info.key = {pid, std::stoull(fields[start_time])};
    info.parent = static_cast<pid_t>(std::stol(fields[parent]));
    info.rss_bytes = std::stoull(fields[resident_pages]) * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    info.program = link_target(folder / "exe").filename().string();
    if (info.program.empty()) return std::nullopt;  // a kernel's thread, or another user's
    info.output = link_target(folder / "fd" / "1");
    info.arguments = contents(folder / "cmdline");
    std::replace(info.arguments.begin(), info.arguments.end(), '\0', ' ');
    return info;
}

}  // namespace

std::string contents(const fs::path& file) {
    const FileDescriptor descriptor(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
    std::string text;
    std::array<char, 4'096> piece{};
    for (ssize_t count = 0; (count = ::read(descriptor.get(), piece.data(), piece.size())) > 0;)
        text.append(piece.data(), static_cast<std::size_t>(count));
    return text;
}

std::vector<ProcessInfo> living_processes() {
    std::vector<ProcessInfo> found;
    for (const auto& entry : fs::directory_iterator("/proc")) {
        const std::string name = entry.path().filename().string();
        pid_t pid = 0;
        const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
        if (error != std::errc{} || end != name.data() + name.size()) continue;
        if (auto info = read_process(pid)) found.push_back(std::move(*info));
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
