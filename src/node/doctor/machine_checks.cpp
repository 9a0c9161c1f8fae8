#include "node/doctor/machine_checks.hpp"

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <fstream>
#include <string_view>
#include <vector>

#include "crypto/key_file.hpp"
#include "node/data_folder.hpp"
#include "node/workers/local_workers.hpp"
#include "runtime/durable_file.hpp"
#include "runtime/errno_error.hpp"
#include "runtime/memory_limit.hpp"
#include "runtime/utf8.hpp"

namespace emeth::node {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t unit_lines_max = 1'000, path_bytes_max = 4'096;

/// `folder`, or the closest one above it that is there.
fs::path existing_part(const fs::path& folder) {
    std::error_code error;
    fs::path at = fs::absolute(folder, error);
    while (at.has_relative_path() && !fs::exists(at, error)) at = at.parent_path();
    return at;
}

/// The program of "ExecStart=/usr/local/bin/emeth master …"; empty if there is no such line.
std::string started_program(const fs::path& unit_file) {
    constexpr std::string_view key = "ExecStart=";
    std::ifstream lines(unit_file);
    std::size_t read = 0;
    for (std::string line; read < unit_lines_max && std::getline(lines, line); ++read)
        if (line.starts_with(key))
            return one_line(line.substr(key.size(), line.find(' ') - key.size()), path_bytes_max);
    return "";
}

Finding look_at_data_folder(const fs::path& data) {
    const auto state = folder_state(data);
    if (state.has_error()) return problem_of("data folder", state.error());
    const fs::path above = existing_part(data);
    if (!*state && ::access(above.c_str(), W_OK | X_OK) != 0)
        return {"data folder", Verdict::problem,
                fmt::format("{} does not exist, and this user may not make it in {}", data.string(), above.string()),
                "make it, owned by the user of the node, with mode 0700"};
    return judge_data_folder(data, *state, ::geteuid());
}

Finding look_at_disk(const fs::path& data, const SelectionPolicy& policy) {
    const fs::path folder = existing_part(data);
    const Result<std::uint64_t> free = free_bytes(folder);
    return free.has_error() ? problem_of("disk", free.error()) : judge_disk(folder, *free, policy);
}

Finding look_at_open_files() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return problem_of("open files", errno_error("cannot read the limit of open files", errno));
    return judge_open_files(limit.rlim_cur);
}

}  // namespace

Result<std::optional<FolderState>> folder_state(const fs::path& folder) {
    struct stat status{};
    if (::stat(folder.c_str(), &status) != 0) {
        const int reason = errno;
        if (reason == ENOENT) return std::optional<FolderState>();
        return errno_error("cannot look at " + folder.string(), reason);
    }
    constexpr mode_t permissions = 07777;
    return std::optional(FolderState{S_ISDIR(status.st_mode), status.st_uid, status.st_mode & permissions});
}

Findings look_at_worker_keys(const fs::path& data) {
    constexpr const char* name = "worker.key";
    std::vector<fs::path> files{data / name};
    for (unsigned number = 1; number <= LocalWorkers::count_max; ++number)
        files.push_back(local_worker_folder(data, number) / name);
    Findings findings;
    for (const fs::path& file : files) {
        std::error_code unreadable;
        if (!fs::exists(file, unreadable)) continue;
        if (const auto key = crypto::load_key_file(file); key.has_error())
            findings.push_back(problem_of("worker key", key.error()));
    }
    return findings;
}

UnitState look_for_unit(const std::string& unit, const fs::path& root) {
    constexpr std::array folders{"etc/systemd/system", "usr/local/lib/systemd/system", "usr/lib/systemd/system",
                                 "lib/systemd/system"};
    std::error_code error;
    UnitState state;
    state.systemd_runs = fs::is_directory(root / "run/systemd/system", error);
    for (const char* folder : folders) {
        const fs::path file = root / folder / unit;
        if (!fs::exists(file, error)) continue;
        state.installed = true;
        state.program = started_program(file);
        state.program_exists = fs::exists(state.program, error);
        break;
    }
    // The link may point to a file that only systemd sees.
    state.enabled = fs::is_symlink(root / "etc/systemd/system/multi-user.target.wants" / unit, error);
    return state;
}

Findings look_at_machine(const fs::path& data, const SelectionPolicy& policy, const std::string& unit) {
    Findings findings{look_at_data_folder(data)};
    for (Finding& finding : look_at_worker_keys(data)) findings.push_back(std::move(finding));
    findings.push_back(look_at_disk(data, policy));
    findings.push_back(judge_memory(memory_limit()));
    findings.push_back(look_at_open_files());
    findings.push_back(judge_unit(unit, look_for_unit(unit)));
    findings.push_back({"version", Verdict::ok, EMETH_VERSION});
    return findings;
}

}  // namespace emeth::node
