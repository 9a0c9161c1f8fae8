#include "node/dashboard/token.hpp"

#include <openssl/crypto.h>

#include <algorithm>
#include <array>

#include "crypto/secret_file.hpp"
#include "runtime/durable_file.hpp"
#include "statemachine/types.hpp"

namespace emeth::node {
namespace {

constexpr std::size_t token_bytes = 32;
constexpr std::size_t token_digits = 2 * token_bytes;

bool is_whole(std::string_view token) {
    return token.size() == token_digits &&
           std::ranges::all_of(token, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

Result<std::string> make_token(const std::filesystem::path& file, Random& random) {
    std::array<std::uint8_t, token_bytes> bytes{};
    random.fill(bytes);
    std::string token = to_hex(bytes).substr(2);
    const std::string line = token + "\n";
    const Result<void> written = write_file_durably(file, std::string_view(line), 0600);
    if (written.has_error()) return written.error();
    return token;
}

}  // namespace

Result<std::string> load_or_make_token(const std::filesystem::path& file, Random& random) {
    std::error_code unknown;
    const auto status = std::filesystem::symlink_status(file, unknown);
    if (!std::filesystem::exists(status)) return make_token(file, random);
    const Result<std::string> token = crypto::read_secret_file(file, "dashboard token", 2 * token_digits);
    if (token.has_error()) return token.error();
    if (!is_whole(*token))
        return permanent_error("the dashboard token " + file.string() +
                               " is not 64 hex digits: remove the file, and the next start makes another one");
    return *token;
}

bool is_token(std::string_view given, std::string_view token) {
    return given.size() == token.size() && CRYPTO_memcmp(given.data(), token.data(), token.size()) == 0;
}

}  // namespace emeth::node
