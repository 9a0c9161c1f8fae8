#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "network/storage_api/s3/s3_client.hpp"
#include "runtime/redaction.hpp"

namespace emeth::network::s3 {
namespace {

constexpr std::size_t bucket_bytes_max = 255;
constexpr std::size_t region_bytes_max = 64;
constexpr std::size_t prefix_bytes_max = 512;
constexpr std::size_t key_id_bytes_max = 128;

bool is_letter_or_digit(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_made_of(std::string_view text, std::string_view others) {
    return std::ranges::all_of(text, [&](char c) { return is_letter_or_digit(c) || others.find(c) != others.npos; });
}

bool is_secret(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; });
}

/// What other clients would make something else of: empty segments, "." and "..".
bool has_odd_segment(std::string_view prefix) {
    for (std::size_t at = 0; at < prefix.size();) {
        const std::size_t end = prefix.find('/', at);
        const std::string_view segment = prefix.substr(at, end - at);
        if (segment.empty() || segment == "." || segment == "..") return true;
        at = end + 1;
    }
    return false;
}

}  // namespace

Result<void> check(const S3Settings& settings) {
    const auto wrong = [](std::string_view what, std::string_view value, std::string_view expected) {
        return permanent_error(
            fmt::format("the object store's {} is '{}'; expected {}", what, redacted(value), expected));
    };
    const http::Url& endpoint = settings.endpoint;
    if (!endpoint.scheme.starts_with("http")) return wrong("endpoint", endpoint.origin(), "http:// or https://");
    if (endpoint.target.find('?') != std::string::npos)
        return wrong("endpoint", endpoint.origin(), "a URL without a query");
    if (settings.bucket.size() < 3 || settings.bucket.size() > bucket_bytes_max || !is_made_of(settings.bucket, ".-_"))
        return wrong("bucket", settings.bucket, "3 to 255 letters, digits, '.', '-' and '_'");
    if (settings.region.empty() || settings.region.size() > region_bytes_max || !is_made_of(settings.region, "-_"))
        return wrong("region", settings.region, "1 to 64 letters, digits, '-' and '_' (us-east-1 if it has none)");
    const std::string& prefix = settings.prefix;
    if (!prefix.empty() && (!prefix.ends_with('/') || prefix.size() > prefix_bytes_max || !is_made_of(prefix, ".-_/") ||
                            has_odd_segment(prefix)))
        return wrong(
            "prefix", prefix,
            "nothing, or names of letters, digits, '.', '-' and '_', each followed by a '/', 512 bytes in all");

    const Credentials& credentials = settings.credentials;
    if (credentials.access_key.empty() || credentials.access_key.size() > key_id_bytes_max ||
        !is_secret(credentials.access_key) || credentials.access_key.find_first_of("/,") != std::string::npos)
        return permanent_error(
            "the object store's access key is none: expected 1 to 128 printable characters other "
            "than '/', ',' and blanks");
    if (credentials.secret_key.empty() || !is_secret(credentials.secret_key))
        return permanent_error("the object store's secret key is empty, or has a blank or unprintable character");
    if (!is_secret(credentials.session_token))
        return permanent_error("the object store's session token has a blank or unprintable character");
    return {};
}

}  // namespace emeth::network::s3
