#include "runtime/private_folder.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "runtime/durable_file.hpp"
#include "runtime/errno_error.hpp"
#include "runtime/file_descriptor.hpp"

namespace emeth {
namespace {

namespace fs = std::filesystem;

/// A slash at the end would make the system follow a link.
fs::path without_last_slash(const fs::path& folder) {
    return folder.has_filename() || !folder.has_relative_path() ? folder : folder.parent_path();
}

}  // namespace

Result<void> check_private_folder(const fs::path& folder) {
    const fs::path path = without_last_slash(folder);
    const FileDescriptor descriptor(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!descriptor.is_open()) {
        const int error = errno;
        std::error_code unreadable;
        const fs::path target = fs::read_symlink(path, unreadable);
        if (!unreadable)
            return permanent_error(
                fmt::format("folder {} is a link to {}, and would move with it: name the folder itself, or put a "
                            "folder in place of the link",
                            path.string(), target.string()));
        return errno_error("cannot open folder " + path.string(), error);
    }
    struct stat status{};
    if (::fstat(descriptor.get(), &status) != 0) return errno_error("cannot examine " + path.string(), errno);
    if (status.st_uid != ::geteuid())
        return permanent_error(
            fmt::format("folder {} belongs to user {}, and this program runs as user {}: run it as the owner, or "
                        "chown -R {} {}",
                        path.string(), status.st_uid, ::geteuid(), ::geteuid(), path.string()));
    if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return permanent_error(fmt::format("others than its owner may write to folder {} (mode {:04o}): chmod go-w {}",
                                           path.string(), status.st_mode & 07777, path.string()));
    return {};
}

Result<void> open_private_folder(const fs::path& folder) {
    constexpr mode_t only_owner = 0700;
    if (Result<void> made = create_folder(without_last_slash(folder), only_owner); made.has_error()) return made;
    return check_private_folder(folder);
}

}  // namespace emeth
