#include "crypto/key_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/crypto.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>

#include "runtime/durable_file.hpp"
#include "runtime/errno_error.hpp"
#include "runtime/file_descriptor.hpp"

namespace emeth::crypto {
namespace {

/// 64 digits, 0x and the line ending, and room to detect a longer text, which is not a key.
constexpr std::size_t key_file_bytes_max = 128;

std::string_view without_blanks(std::string_view text) {
    constexpr std::string_view blanks = " \t\r\n";
    const std::size_t begin = text.find_first_not_of(blanks);
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

/// What a link points to counts, since that is how mounted secrets come.
Result<void> check_private(const std::filesystem::path& file, const FileDescriptor& descriptor) {
    struct stat status {};
    if (::fstat(descriptor.get(), &status) != 0) return errno_error("cannot examine key file " + file.string(), errno);
    if (!S_ISREG(status.st_mode)) return permanent_error(fmt::format("key file {} is no regular file", file.string()));
    if (status.st_uid != ::geteuid() && status.st_uid != 0)
        return permanent_error(fmt::format("key file {} belongs to user {}, who can change it; run: chown {} {}",
                                           file.string(), status.st_uid, ::geteuid(), file.string()));
    if ((status.st_mode & 077) != 0)
        return permanent_error(fmt::format("key file {} has mode {:04o} and can be read by others; run: chmod 600 {}",
                                           file.string(), status.st_mode & 07777, file.string()));
    return {};
}

/// Reads up to the array's size; returns the number of bytes read.
Result<std::size_t> read_up_to(const std::filesystem::path& file, const FileDescriptor& descriptor,
                               std::span<char> out) {
    std::size_t size = 0;
    while (size < out.size()) {
        const ssize_t count = ::read(descriptor.get(), out.data() + size, out.size() - size);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return errno_error("cannot read key file " + file.string(), errno);
        if (count == 0) break;
        size += static_cast<std::size_t>(count);
    }
    return size;
}

}  // namespace

Result<PrivateKey> load_key_file(const std::filesystem::path& file) {
    const FileDescriptor descriptor(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!descriptor.is_open()) return errno_error("cannot open key file " + file.string(), errno);
    if (Result<void> checked = check_private(file, descriptor); checked.has_error()) return checked.error();
    std::array<char, key_file_bytes_max> text{};
    const Result<std::size_t> size = read_up_to(file, descriptor, text);
    if (size.has_error()) return size.error();
    Result<PrivateKey> key = PrivateKey::parse(without_blanks(std::string_view(text.data(), *size)));
    OPENSSL_cleanse(text.data(), text.size());
    if (key.has_error()) return in_context("key file " + file.string(), key.error());
    return key;
}

Result<PrivateKey> load_or_generate_key_file(const std::filesystem::path& file, Random& random) {
    struct stat status {};
    if (::lstat(file.c_str(), &status) == 0) return load_key_file(file);
    if (errno != ENOENT) return errno_error("cannot examine key file " + file.string(), errno);
    PrivateKey key = PrivateKey::generate(random);
    std::string line = key.reveal_hex() + "\n";
    const Result<void> written = write_file_durably(file, std::string_view(line), 0600);
    OPENSSL_cleanse(line.data(), line.size());
    if (written.has_error()) return in_context("key file " + file.string(), written.error());
    return key;
}

}  // namespace emeth::crypto
