#include "runtime/process_metrics.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <limits>
#include <optional>
#include <sstream>
#include <string>

#include "runtime/process_stat.hpp"

namespace emeth {
namespace {

double ticks_to_seconds(std::uint64_t ticks) {
    return static_cast<double>(ticks) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

/// Unix seconds.
std::optional<double> boot_time() {
    std::istringstream lines(proc_file_text("/proc/stat"));
    for (std::string key; lines >> key; lines.ignore(std::numeric_limits<std::streamsize>::max(), '\n')) {
        double seconds = 0;
        if (key == "btime" && lines >> seconds) return seconds;
    }
    return std::nullopt;
}

std::optional<double> open_files() {
    std::error_code error;
    std::filesystem::directory_iterator entries("/proc/self/fd", error);
    double count = 0;
    for (; !error && entries != std::filesystem::directory_iterator(); entries.increment(error)) ++count;
    if (error) return std::nullopt;
    return count - 1;  // the folder itself is open while it is read
}

std::optional<double> open_files_max() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return std::nullopt;
    return static_cast<double>(limit.rlim_cur);
}

}  // namespace

void add_process_metrics(Exposition& out) {
    std::optional<double> memory, processor, start;
    if (const auto stat = read_process_stat(::getpid())) {
        memory = static_cast<double>(stat->rss_bytes);
        processor = ticks_to_seconds(stat->cpu_ticks);
        if (const auto boot = boot_time()) start = *boot + ticks_to_seconds(stat->started_ticks);
    }
    out.gauge("process_resident_memory_bytes", "Memory of this process that is in use now.").sample(memory);
    out.counter("process_cpu_seconds_total", "Processor time in user and system mode.").sample(processor);
    out.gauge("process_open_fds", "Open file descriptors.").sample(open_files());
    out.gauge("process_max_fds", "How many file descriptors may be open.").sample(open_files_max());
    out.gauge("process_start_time_seconds", "When this process started (unix seconds).").sample(start);
}

}  // namespace emeth
