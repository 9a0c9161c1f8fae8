#include "crypto/secret_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/crypto.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <span>
#include <system_error>

#include "runtime/errno_error.hpp"
#include "runtime/file_descriptor.hpp"
#include "runtime/redaction.hpp"

namespace emeth::crypto {
namespace {

constexpr std::size_t path_bytes_max = 4'096;

std::string_view without_blanks(std::string_view text) {
    constexpr std::string_view blanks = " \t\r\n";
    const std::size_t begin = text.find_first_not_of(blanks);
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

/// A secret that was put in place of the path must not be repeated; so what is repeated lies in a folder that exists.
bool may_be_path(const std::filesystem::path& file) {
    std::error_code ignored;
    return file.has_parent_path() && std::filesystem::is_directory(file.parent_path(), ignored);
}

/// What a link points to counts.
Result<void> check_private(const std::string& name, const std::string& path, const FileDescriptor& descriptor) {
    struct stat status{};
    if (::fstat(descriptor.get(), &status) != 0) return errno_error("cannot examine " + name, errno);
    if (!S_ISREG(status.st_mode)) return permanent_error(fmt::format("{} is no regular file", name));
    if (status.st_uid != ::geteuid() && status.st_uid != 0)
        return permanent_error(fmt::format("{} belongs to user {}, who can change it; run: chown {} {}", name,
                                           status.st_uid, ::geteuid(), path));
    if ((status.st_mode & 077) != 0)
        return permanent_error(fmt::format("{} has mode {:04o} and can be read by others; run: chmod 600 {}", name,
                                           status.st_mode & 07777, path));
    return {};
}

/// Reads up to the size of `out`; returns the number of bytes read.
Result<std::size_t> read_up_to(const std::string& name, const FileDescriptor& descriptor, std::span<char> out) {
    std::size_t size = 0;
    while (size < out.size()) {
        const ssize_t count = ::read(descriptor.get(), out.data() + size, out.size() - size);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return errno_error("cannot read " + name, errno);
        if (count == 0) break;
        size += static_cast<std::size_t>(count);
    }
    return size;
}

}  // namespace

Result<std::string> read_secret_file(const std::filesystem::path& file, std::string_view what, std::size_t bytes_max) {
    const std::string path = redacted(file.string(), path_bytes_max);
    const std::string name = fmt::format("{} {}", what, path);
    const FileDescriptor descriptor(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!descriptor.is_open()) {
        const int reason = errno;
        return errno_error(may_be_path(file) ? "cannot open " + name : fmt::format("there is no {} of this name", what),
                           reason);
    }
    if (Result<void> checked = check_private(name, path, descriptor); checked.has_error()) return checked.error();
    std::string text(bytes_max + 1, '\0');
    const Result<std::size_t> size = read_up_to(name, descriptor, text);
    if (size.has_error()) return size.error();
    if (*size > bytes_max) {
        OPENSSL_cleanse(text.data(), text.size());
        return permanent_error(fmt::format("{} has more than {} bytes", name, bytes_max));
    }
    std::string secret(without_blanks(std::string_view(text).substr(0, *size)));
    OPENSSL_cleanse(text.data(), text.size());
    return secret;
}

}  // namespace emeth::crypto
