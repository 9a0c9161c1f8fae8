// The URLs of objects and parts that this server serves itself. Io thread only.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "http/server.hpp"
#include "network/storage_api/refusal.hpp"
#include "runtime/clock.hpp"

namespace emeth::network {

/// So long is a URL valid that is given to a client: long enough for the slowest transfer.
inline constexpr std::int64_t url_valid_s = 12 * 3'600;

class SignedUrls {
public:
    explicit SignedUrls(Clock& clock) : clock_(clock) {}

    void set_secret(const std::array<std::uint8_t, 32>& secret) { secret_ = secret; }
    void set_base(std::string url) { base_url_ = std::move(url); }

    /// An absolute URL, valid only for `method` on `path` and for url_valid_s.
    [[nodiscard]] std::string sign(std::string_view method, const std::string& path) const;
    /// Refuses a request whose URL was not signed for its method and path.
    [[nodiscard]] OrRefusal<void> check(const http::ServerRequest& request) const;
    /// 64 hex digits that only this server can say of `text`, the same after a restart.
    [[nodiscard]] std::string token(std::string_view text) const;

private:
    Clock& clock_;
    std::array<std::uint8_t, 32> secret_{};
    std::string base_url_;
};

}  // namespace emeth::network
