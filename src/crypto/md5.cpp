#include "crypto/md5.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <vector>

#include "runtime/errno_error.hpp"
#include "runtime/file_descriptor.hpp"

namespace emeth::crypto {
namespace {

constexpr std::uint64_t piece_bytes = 1 << 20;
constexpr std::size_t digest_bytes = 16;

}  // namespace

Result<std::string> md5_of_range(const std::filesystem::path& file, std::uint64_t offset, std::uint64_t length) {
    const FileDescriptor descriptor(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
    if (!descriptor.is_open()) return errno_error("cannot open " + file.string(), errno);
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context{EVP_MD_CTX_new(), &EVP_MD_CTX_free};
    if (context == nullptr || EVP_DigestInit_ex(context.get(), EVP_md5(), nullptr) != 1)
        return permanent_error("this system's OpenSSL has no MD5");
    std::vector<std::uint8_t> piece(static_cast<std::size_t>(std::min(piece_bytes, length)));
    for (std::uint64_t done = 0; done < length;) {
        const auto wanted = static_cast<std::size_t>(std::min(piece_bytes, length - done));
        const ssize_t count = ::pread(descriptor.get(), piece.data(), wanted, static_cast<off_t>(offset + done));
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return errno_error("cannot read " + file.string(), errno);
        if (count == 0)
            return transient_error(fmt::format("{} ends after {} bytes; bytes {} to {} were expected", file.string(),
                                               offset + done, offset, offset + length));
        EVP_DigestUpdate(context.get(), piece.data(), static_cast<std::size_t>(count));
        done += static_cast<std::uint64_t>(count);
    }
    std::array<std::uint8_t, digest_bytes> digest{};
    if (EVP_DigestFinal_ex(context.get(), digest.data(), nullptr) != 1)
        return permanent_error("this system's OpenSSL could not finish an MD5");
    std::string hex;
    for (const std::uint8_t byte : digest) hex += fmt::format("{:02x}", byte);
    return hex;
}

}  // namespace emeth::crypto
