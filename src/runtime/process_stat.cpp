#include "runtime/process_stat.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <iterator>
#include <sstream>
#include <vector>

#include "runtime/file_descriptor.hpp"

namespace emeth {
namespace {

std::uint64_t number(const std::string& text) {
    std::uint64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

}  // namespace

std::optional<ProcessStat> read_process_stat(pid_t pid) {
    const std::string text = proc_file_text("/proc/" + std::to_string(pid) + "/stat");
    // The name, in parentheses, may contain any characters; the fields after it are counted from 0.
    const std::size_t name_end = text.rfind(')');
    if (name_end == std::string::npos) return std::nullopt;
    std::istringstream stream(text.substr(name_end + 1));
    const std::vector<std::string> fields{std::istream_iterator<std::string>(stream), {}};
    constexpr std::size_t state = 0, parent = 1, user_time = 11, system_time = 12, start_time = 19, resident_pages = 21;
    if (fields.size() <= resident_pages) return std::nullopt;
    ProcessStat stat;
    stat.state = fields[state].front();
    stat.parent = static_cast<pid_t>(number(fields[parent]));
    stat.cpu_ticks = number(fields[user_time]) + number(fields[system_time]);
    stat.started_ticks = number(fields[start_time]);
    stat.rss_bytes = number(fields[resident_pages]) * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    return stat;
}

std::string proc_file_text(const std::filesystem::path& file) {
    const FileDescriptor descriptor(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
    std::string text;
    std::array<char, 4'096> piece{};
    for (ssize_t count = 0; (count = ::read(descriptor.get(), piece.data(), piece.size())) > 0;)
        text.append(piece.data(), static_cast<std::size_t>(count));
    return text;
}

}  // namespace emeth
