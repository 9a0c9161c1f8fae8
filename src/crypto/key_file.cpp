#include "crypto/key_file.hpp"

#include <openssl/crypto.h>
#include <sys/stat.h>

#include <cerrno>
#include <string_view>

#include "crypto/secret_file.hpp"
#include "runtime/durable_file.hpp"
#include "runtime/errno_error.hpp"

namespace emeth::crypto {
namespace {

/// 64 digits, 0x and the line ending, and room to detect a longer text, which is not a key.
constexpr std::size_t key_file_bytes_max = 128;

}  // namespace

Result<PrivateKey> load_key_file(const std::filesystem::path& file) {
    Result<std::string> text = read_secret_file(file, "key file", key_file_bytes_max);
    if (text.has_error()) return text.error();
    Result<PrivateKey> key = PrivateKey::parse(*text);
    OPENSSL_cleanse(text->data(), text->size());
    if (key.has_error()) return in_context("key file " + file.string(), key.error());
    return key;
}

Result<PrivateKey> load_or_generate_key_file(const std::filesystem::path& file, Random& random) {
    struct stat status{};
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
