#include "runtime/durable_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <string>
#include <string_view>
#include <system_error>

#include "runtime/errno_error.hpp"
#include "runtime/failpoint.hpp"
#include "runtime/file_descriptor.hpp"
#include "runtime/process_stat.hpp"

namespace emeth {
namespace {

namespace fs = std::filesystem;

/// A temporary left by a dead process with the same pid blocks one name, not many.
constexpr int temporary_names_max = 100;

struct Temporary {
    fs::path path;
    FileDescriptor descriptor;
};

Result<Temporary> create_temporary(const fs::path& path, mode_t mode) {
    static std::atomic<std::uint64_t> counter = 0;
    int error = EEXIST;
    for (int attempt = 0; attempt < temporary_names_max && error == EEXIST; ++attempt) {
        fs::path name = fmt::format("{}.tmp-{}-{}", path.string(), ::getpid(), ++counter);
        FileDescriptor descriptor(::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode));
        if (descriptor.is_open()) return Temporary{std::move(name), std::move(descriptor)};
        error = errno;
    }
    return errno_error("cannot create a temporary file beside " + path.string(), error);
}

/// The process that owns the temporary `name` (the target's name followed by ".tmp-<process>-<n>"); 0: not such a name.
pid_t owner_of_temporary(std::string_view name, std::string_view prefix) {
    if (!name.starts_with(prefix)) return 0;
    pid_t owner = 0;
    const auto parsed = std::from_chars(name.data() + prefix.size(), name.data() + name.size(), owner);
    return parsed.ec == std::errc{} && parsed.ptr != name.data() + name.size() && *parsed.ptr == '-' ? owner : 0;
}

constexpr std::string_view temporary_mark = ".tmp-";

/// Also true for a zombie, which a signal would still reach.
bool has_ended(pid_t process) {
    if (::kill(process, 0) != 0) return errno == ESRCH;
    const auto stat = read_process_stat(process);
    return stat && stat->has_ended();
}

void remove_if_abandoned(const fs::path& file, std::string_view prefix) {
    const pid_t owner = owner_of_temporary(file.filename().string(), prefix);
    std::error_code ignored;
    if (owner > 0 && has_ended(owner)) fs::remove(file, ignored);
}

/// Removes temporaries of this file whose writers were killed between creating and renaming them. Best effort: they
/// only take up space.
void remove_leftovers(const fs::path& path) {
    const std::string prefix = path.filename().string() + std::string(temporary_mark);
    const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
    std::error_code failed;
    for (fs::directory_iterator entry(folder, failed); !failed && entry != fs::directory_iterator();
         entry.increment(failed))
        remove_if_abandoned(entry->path(), prefix);
}

Result<void> write_all(int descriptor, std::span<const std::uint8_t> bytes, const fs::path& path) {
    while (!bytes.empty()) {
        const ssize_t count = ::write(descriptor, bytes.data(), bytes.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return errno_error("cannot write " + path.string(), errno);
        bytes = bytes.subspan(static_cast<std::size_t>(count));
    }
    return {};
}

Result<void> sync_folder_of(const fs::path& path) {
    const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
    const FileDescriptor descriptor(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!descriptor.is_open()) return errno_error("cannot open folder " + folder.string(), errno);
    if (::fsync(descriptor.get()) != 0) return errno_error("cannot sync folder " + folder.string(), errno);
    return {};
}

/// "checkpoint" of "checkpoint-1.bin".
std::string effect_of(const fs::path& path) {
    const std::string name = path.filename().string();
    return name.substr(0, name.find_first_of("-."));
}

/// Makes the bytes durable before the name.
Result<void> sync_and_rename(int descriptor, const fs::path& temporary, const fs::path& path,
                             Outlives outlives = Outlives::power_loss) {
    const bool syncs = outlives == Outlives::power_loss;
    const std::string effect = effect_of(path);
    failpoint::before("file", effect);
    if (syncs && ::fsync(descriptor) != 0) return errno_error("cannot sync " + temporary.string(), errno);
    if (::rename(temporary.c_str(), path.c_str()) != 0)
        return errno_error(fmt::format("cannot rename {} to {}", temporary.string(), path.string()), errno);
    Result<void> synced = syncs ? sync_folder_of(path) : Result<void>();
    failpoint::after("file", effect);
    return synced;
}

}  // namespace

void remove_leftovers_below(const fs::path& folder) {
    std::error_code failed;
    for (fs::recursive_directory_iterator entry(folder, failed); !failed && entry != fs::recursive_directory_iterator();
         entry.increment(failed)) {
        const std::string name = entry->path().filename().string();
        const std::size_t mark = name.rfind(temporary_mark);
        if (mark != std::string::npos) remove_if_abandoned(entry->path(), name.substr(0, mark + temporary_mark.size()));
    }
}

Result<void> write_file_durably(const fs::path& path, std::span<const std::uint8_t> bytes, mode_t mode) {
    remove_leftovers(path);
    const Result<Temporary> temporary = create_temporary(path, mode);
    if (temporary.has_error()) return temporary.error();
    Result<void> written = write_all(temporary->descriptor.get(), bytes, path);
    if (written) written = sync_and_rename(temporary->descriptor.get(), temporary->path, path);
    if (!written) ::unlink(temporary->path.c_str());
    return written;
}

Result<void> write_file_durably(const fs::path& path, std::string_view text, mode_t mode) {
    return write_file_durably(path, std::span(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()), mode);
}

Result<void> publish_file(const fs::path& temporary, const fs::path& path, Outlives outlives) {
    const FileDescriptor descriptor(::open(temporary.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (!descriptor.is_open()) return errno_error("cannot open " + temporary.string(), errno);
    return sync_and_rename(descriptor.get(), temporary, path, outlives);
}

Result<std::string> read_file(const fs::path& path, std::uint64_t bytes_max) {
    // O_NONBLOCK: opening a named pipe must not wait for its writer.
    const FileDescriptor descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!descriptor.is_open()) return errno_error("cannot open " + path.string(), errno);
    struct stat status{};
    if (::fstat(descriptor.get(), &status) != 0) return errno_error("cannot examine " + path.string(), errno);
    if (!S_ISREG(status.st_mode)) return permanent_error(path.string() + " is no regular file");
    const auto size = static_cast<std::uint64_t>(status.st_size);
    const auto too_large = [&](std::uint64_t bytes) {
        return permanent_error(fmt::format("{} has {} bytes; at most {} are read", path.string(), bytes, bytes_max));
    };
    if (size > bytes_max) return too_large(size);

    // One byte more than the size reveals a file that grows meanwhile; files in /proc report 0 and hold more.
    std::string text(size + 1, '\0');
    std::size_t filled = 0;
    for (;;) {
        if (filled > bytes_max) return too_large(filled);
        if (filled == text.size()) text.resize(2 * filled);
        const ssize_t count = ::read(descriptor.get(), text.data() + filled, text.size() - filled);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return errno_error("cannot read " + path.string(), errno);
        if (count == 0) break;
        filled += static_cast<std::size_t>(count);
    }
    text.resize(filled);
    return text;
}

Result<void> create_folder(const fs::path& path, mode_t mode) {
    const fs::path parent = path.parent_path();
    std::error_code ignored;
    if (!parent.empty() && !fs::exists(parent, ignored)) {
        if (Result<void> made = create_folder(parent, mode); !made) return made;
    }
    if (::mkdir(path.c_str(), mode) == 0) return sync_folder_of(path);
    const int error = errno;
    if (error == EEXIST && fs::is_directory(path, ignored)) return {};
    return errno_error("cannot create folder " + path.string(), error);
}

Result<std::uint64_t> free_bytes(const fs::path& path) {
    struct statvfs status{};
    if (::statvfs(path.c_str(), &status) != 0) return errno_error("cannot examine the disk of " + path.string(), errno);
    return static_cast<std::uint64_t>(status.f_bavail) * status.f_frsize;
}

}  // namespace emeth
