#include "crypto/sha256.hpp"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <vector>

#include "runtime/errno_error.hpp"
#include "runtime/file_descriptor.hpp"

namespace emeth::crypto {
namespace {

constexpr std::size_t piece_bytes = 1 << 20;

/// OpenSSL fails here only when out of memory or badly installed.
void require(bool succeeded, const char* call) {
    if (!succeeded) throw std::runtime_error(std::string("OpenSSL: ") + call + " failed");
}

std::span<const std::uint8_t> bytes_of(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

}  // namespace

struct Sha256::Impl {
    std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context{EVP_MD_CTX_new(), &EVP_MD_CTX_free};
};

Sha256::Sha256() : impl_(std::make_unique<Impl>()) {
    require(impl_->context != nullptr, "EVP_MD_CTX_new");
    require(EVP_DigestInit_ex(impl_->context.get(), EVP_sha256(), nullptr) == 1, "EVP_DigestInit_ex");
}
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;
Sha256::~Sha256() = default;

void Sha256::update(std::span<const std::uint8_t> bytes) {
    require(EVP_DigestUpdate(impl_->context.get(), bytes.data(), bytes.size()) == 1, "EVP_DigestUpdate");
}

void Sha256::update(std::string_view text) {
    update(bytes_of(text));
}

Hash256 Sha256::finish() {
    Hash256 digest;
    require(EVP_DigestFinal_ex(impl_->context.get(), digest.bytes.data(), nullptr) == 1, "EVP_DigestFinal_ex");
    return digest;
}

Hash256 sha256(std::span<const std::uint8_t> bytes) {
    Sha256 stream;
    stream.update(bytes);
    return stream.finish();
}

Hash256 sha256(std::string_view text) {
    return sha256(bytes_of(text));
}

Result<Hash256> sha256_of_file(const std::filesystem::path& file) {
    const FileDescriptor descriptor(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
    if (!descriptor.is_open()) return errno_error("cannot open " + file.string(), errno);
    Sha256 stream;
    std::vector<std::uint8_t> piece(piece_bytes);
    for (;;) {
        const ssize_t count = ::read(descriptor.get(), piece.data(), piece.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return errno_error("cannot read " + file.string(), errno);
        if (count == 0) return stream.finish();
        stream.update(std::span(piece).first(static_cast<std::size_t>(count)));
    }
}

Hash256 hmac_sha256(std::span<const std::uint8_t> key, std::string_view text) {
    Hash256 code;
    const std::span<const std::uint8_t> data = bytes_of(text);
    // To HMAC(), a null key means "reuse the key of the previous call", so an empty one needs an address.
    const std::uint8_t empty = 0;
    const std::uint8_t* key_data = key.empty() ? &empty : key.data();
    require(HMAC(EVP_sha256(), key_data, static_cast<int>(key.size()), data.data(), data.size(), code.bytes.data(),
                 nullptr) != nullptr,
            "HMAC");
    return code;
}

bool equal_constant_time(std::span<const std::uint8_t> a, std::span<const std::uint8_t> b) {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace emeth::crypto
