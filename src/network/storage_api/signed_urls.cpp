#include "network/storage_api/signed_urls.hpp"

#include "crypto/sha256.hpp"
#include "http/signed_url.hpp"
#include "network/storage_api/object_names.hpp"

namespace emeth::network {

std::string SignedUrls::sign(std::string_view method, const std::string& path) const {
    return base_url_ + http::UrlSigner(secret_).sign(method, path, clock_.unix_ms() + url_valid_s * 1'000);
}

OrRefusal<void> SignedUrls::check(const http::ServerRequest& request) const {
    const std::string_view method = request.method == "HEAD" ? "GET" : std::string_view(request.method);
    const Result<void> checked = http::UrlSigner(secret_).check(method, request.path, request.query, clock_.unix_ms());
    if (checked.has_error()) return http::forbidden(checked.error().message);
    return {};
}

std::string SignedUrls::token(std::string_view text) const {
    return plain_hex(crypto::hmac_sha256(secret_, text));
}

}  // namespace emeth::network
