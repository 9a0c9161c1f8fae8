#include "runtime/folder_lock.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <optional>
#include <string>
#include <thread>

#include "runtime/durable_file.hpp"
#include "runtime/errno_error.hpp"
#include "runtime/file_descriptor.hpp"
#include "runtime/private_folder.hpp"

namespace emeth {
namespace {

constexpr std::size_t command_line_bytes_max = 1 << 20;
constexpr Milliseconds try_again_after{20};

/// "emeth master" from "/usr/bin/emeth\0master\0--data\0…": program and subcommand, but nothing
/// that a flag may contain.
std::string command_of(pid_t process) {
    const Result<std::string> line = read_file(fmt::format("/proc/{}/cmdline", process), command_line_bytes_max);
    if (!line || line->empty()) return "no longer running";
    const std::string program = line->c_str();
    std::string command = std::filesystem::path(program).filename().string();
    const std::string argument = program.size() + 1 < line->size() ? line->c_str() + program.size() + 1 : "";
    if (!argument.empty() && argument.front() != '-') command += " " + argument;
    return command;
}

/// None while the holder has not written its pid yet.
std::optional<pid_t> read_holder(int descriptor) {
    std::array<char, 16> text{};
    const ssize_t count = ::pread(descriptor, text.data(), text.size(), 0);
    pid_t holder = 0;
    if (count <= 0 || std::from_chars(text.data(), text.data() + count, holder).ec != std::errc{} || holder <= 0)
        return std::nullopt;
    return holder;
}

Error in_use(const std::filesystem::path& folder, int descriptor) {
    const std::optional<pid_t> holder = read_holder(descriptor);
    const std::string process =
        holder ? fmt::format("process {} ({})", *holder, command_of(*holder)) : "another process";
    return transient_error(
        fmt::format("data folder {} is in use by {}; stop it or choose another --data", folder.string(), process));
}

/// False if another process holds it for longer than `patience`.
Result<bool> lock_in_time(int descriptor, Milliseconds patience) {
    const Milliseconds end = system_clock().monotonic() + patience;
    while (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
        if (errno == EINTR) continue;
        if (errno != EWOULDBLOCK) return errno_error("flock", errno);
        if (system_clock().monotonic() >= end) return false;
        std::this_thread::sleep_for(try_again_after);
    }
    return true;
}

}  // namespace

Result<FolderLock> FolderLock::acquire(const std::filesystem::path& folder, Milliseconds patience) {
    if (Result<void> own = check_private_folder(folder); own.has_error()) return own.error();
    const std::filesystem::path file = folder / "lock";
    FileDescriptor descriptor(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!descriptor.is_open()) return errno_error("cannot open " + file.string(), errno);
    const Result<bool> locked = lock_in_time(descriptor.get(), patience);
    if (locked.has_error()) return in_context("cannot lock " + file.string(), locked.error());
    if (!*locked) return in_use(folder, descriptor.get());
    const std::string holder = std::to_string(::getpid()) + "\n";
    if (::ftruncate(descriptor.get(), 0) != 0 ||
        ::pwrite(descriptor.get(), holder.data(), holder.size(), 0) != static_cast<ssize_t>(holder.size()))
        return errno_error("cannot write " + file.string(), errno);
    return FolderLock(descriptor.release());
}

FolderLock::FolderLock(FolderLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

FolderLock& FolderLock::operator=(FolderLock&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
}

// The file stays: removing it would let two processes hold the locks of two files of the same name.
FolderLock::~FolderLock() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace emeth
