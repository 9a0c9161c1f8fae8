#include "http/signed_url.hpp"

#include <fmt/format.h>

#include <span>

#include "crypto/sha256.hpp"
#include "runtime/parse_number.hpp"

namespace emeth::http {
namespace {

/// One line per field, so that no two different permissions have the same text.
Hash256 permission_digest(std::span<const std::uint8_t> secret, std::string_view method, std::string_view path,
                          std::int64_t expires_at_ms) {
    return crypto::hmac_sha256(secret, fmt::format("{}\n{}\n{}", method, path, expires_at_ms));
}

std::string_view value_of(const std::map<std::string, std::string>& query, const std::string& key) {
    const auto found = query.find(key);
    return found == query.end() ? std::string_view{} : std::string_view(found->second);
}

}  // namespace

std::string UrlSigner::sign(std::string_view method, std::string_view path, std::int64_t expires_at_ms) const {
    const std::string digest = permission_digest(secret_, method, path, expires_at_ms).hex();
    return fmt::format("{}?expires={}&signature={}", path, expires_at_ms, digest.substr(2));
}

Result<void> UrlSigner::check(std::string_view method, std::string_view path,
                              const std::map<std::string, std::string>& query, std::int64_t now_ms) const {
    Error wrong = permanent_error("the URL's signature is wrong");
    const auto expires_at_ms = parse_number<std::int64_t>(value_of(query, "expires"));
    if (!expires_at_ms) return wrong;

    const std::optional<Hash256> given = Hash256::parse(value_of(query, "signature"));
    const Hash256 digest = permission_digest(secret_, method, path, *expires_at_ms);
    if (!given || !crypto::equal_constant_time(given->bytes, digest.bytes)) return wrong;
    if (now_ms >= *expires_at_ms) return permanent_error("the URL has expired; ask for a new one");
    return {};
}

}  // namespace emeth::http
