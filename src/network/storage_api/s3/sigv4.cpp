#include "network/storage_api/s3/sigv4.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <ctime>

#include "crypto/sha256.hpp"
#include "http/host_header.hpp"

namespace emeth::network::s3 {
namespace {

constexpr std::string_view algorithm = "AWS4-HMAC-SHA256";
constexpr std::string_view unsigned_payload = "UNSIGNED-PAYLOAD";

std::string hex_digits(const Hash256& hash) {
    return hash.hex().substr(2);
}

/// "20130524T000000Z", whose first 8 characters are the day of the scope.
std::string time_text(std::int64_t unix_s) {
    return fmt::format("{:%Y%m%dT%H%M%SZ}", fmt::gmtime(static_cast<std::time_t>(unix_s)));
}

std::string scope_of(std::string_view time, std::string_view region) {
    return fmt::format("{}/{}/s3/aws4_request", time.substr(0, 8), region);
}

/// Sorted by the encoded names; also a parameter without a value has its '='.
std::string canonical_query(const Query& query) {
    std::map<std::string, std::string> encoded;
    for (const auto& [name, value] : query) encoded[http::percent_encoded(name)] = http::percent_encoded(value);
    std::string text;
    for (const auto& [name, value] : encoded) {
        if (!text.empty()) text += '&';
        text.append(name).append("=").append(value);
    }
    return text;
}

/// Without blanks around it, and one where there are several.
std::string canonical_value(std::string_view value) {
    std::string text;
    for (const char c : value)
        if (c != ' ' || (!text.empty() && text.back() != ' ')) text += c;
    if (text.ends_with(' ')) text.pop_back();
    return text;
}

std::string names_of(const http::Headers& headers) {
    std::string names;
    for (const auto& header : headers) {
        if (!names.empty()) names += ';';
        names += header.first;
    }
    return names;
}

std::string canonical_request(std::string_view method, const http::Url& url, const Query& query,
                              const http::Headers& headers, std::string_view payload) {
    std::string text = fmt::format("{}\n{}\n{}\n", method, url.target, canonical_query(query));
    for (const auto& [name, value] : headers) text += fmt::format("{}:{}\n", name, canonical_value(value));
    return text + fmt::format("\n{}\n{}", names_of(headers), payload);
}

std::string signature_of(std::string_view canonical, std::string_view secret_key, std::string_view time,
                         std::string_view region) {
    const std::string key = fmt::format("AWS4{}", secret_key);
    Hash256 code =
        crypto::hmac_sha256({reinterpret_cast<const std::uint8_t*>(key.data()), key.size()}, time.substr(0, 8));
    for (const std::string_view part : {region, std::string_view("s3"), std::string_view("aws4_request")})
        code = crypto::hmac_sha256(code.bytes, part);
    const std::string to_sign =
        fmt::format("{}\n{}\n{}\n{}", algorithm, time, scope_of(time, region), hex_digits(crypto::sha256(canonical)));
    return hex_digits(crypto::hmac_sha256(code.bytes, to_sign));
}

}  // namespace

std::string encoded_path(std::string_view path) {
    std::string encoded;
    for (;;) {
        const std::size_t end = path.find('/');
        encoded += http::percent_encoded(path.substr(0, end));
        if (end == std::string_view::npos) return encoded;
        encoded += '/';
        path.remove_prefix(end + 1);
    }
}

std::string presigned_url(const Credentials& credentials, std::string_view region, const PresignedRequest& request,
                          std::int64_t now_unix_s, std::int64_t valid_s) {
    const std::string time = time_text(now_unix_s);
    http::Headers headers{{"host", http::host_header(request.url)}};
    if (request.content_length) headers["content-length"] = std::to_string(*request.content_length);

    Query query = request.query;
    query["X-Amz-Algorithm"] = algorithm;
    query["X-Amz-Credential"] = credentials.access_key + "/" + scope_of(time, region);
    query["X-Amz-Date"] = time;
    query["X-Amz-Expires"] = std::to_string(valid_s);
    query["X-Amz-SignedHeaders"] = names_of(headers);
    if (!credentials.session_token.empty()) query["X-Amz-Security-Token"] = credentials.session_token;

    const std::string canonical = canonical_request(request.method, request.url, query, headers, unsigned_payload);
    return fmt::format("{}://{}{}?{}&X-Amz-Signature={}", request.url.scheme, headers["host"], request.url.target,
                       canonical_query(query), signature_of(canonical, credentials.secret_key, time, region));
}

void sign(http::ClientRequest& request, const Query& query, const Credentials& credentials, std::string_view region,
          std::int64_t now_unix_s) {
    const std::string time = time_text(now_unix_s);
    request.headers["x-amz-date"] = time;
    request.headers["x-amz-content-sha256"] = hex_digits(crypto::sha256(request.body));
    if (!credentials.session_token.empty()) request.headers["x-amz-security-token"] = credentials.session_token;
    http::Headers headers = request.headers;
    headers["host"] = http::host_header(request.url);

    const std::string canonical =
        canonical_request(request.method, request.url, query, headers, request.headers["x-amz-content-sha256"]);
    request.headers["authorization"] = fmt::format("{} Credential={}/{},SignedHeaders={},Signature={}", algorithm,
                                                   credentials.access_key, scope_of(time, region), names_of(headers),
                                                   signature_of(canonical, credentials.secret_key, time, region));
    if (!query.empty()) request.url.target += "?" + canonical_query(query);
}

}  // namespace emeth::network::s3
