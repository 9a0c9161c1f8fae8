// URLs that carry their own permission: method, path and expiry under an HMAC of the server's secret.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "runtime/result.hpp"

namespace emeth::http {

class UrlSigner {
public:
    explicit UrlSigner(std::array<std::uint8_t, 32> secret) : secret_(secret) {}

    /// "<path>?expires=<ms>&signature=<hex>", valid for `method` until `expires_at_ms`.
    /// `path` must be percent-encoded already.
    [[nodiscard]] std::string sign(std::string_view method, std::string_view path, std::int64_t expires_at_ms) const;
    /// Error: "the URL has expired; ask for a new one" or "the URL's signature is wrong".
    [[nodiscard]] Result<void> check(std::string_view method, std::string_view path,
                                     const std::map<std::string, std::string>& query, std::int64_t now_ms) const;

private:
    std::array<std::uint8_t, 32> secret_;
};

}  // namespace emeth::http
