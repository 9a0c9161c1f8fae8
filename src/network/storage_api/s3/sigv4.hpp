// AWS Signature Version 4 as S3 wants it. Pure. Sources, in the Amazon S3 API Reference: "Authenticating Requests:
// Using Query Parameters (AWS Signature Version 4)" for URLs that others use, "Signature Calculations for the
// Authorization Header: Transferring Payload in a Single Chunk" for requests of our own.
//
// network/storage_api/s3/ is a client of object stores that speak S3. It knows neither JOBs nor the Storage API.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "http/client.hpp"

namespace emeth::network::s3 {

/// Never shown: neither in logs nor in errors.
struct Credentials {
    std::string access_key;
    std::string secret_key;
    std::string session_token;  ///< of temporary credentials; empty for others
};

using Query = std::map<std::string, std::string>;  ///< neither names nor values are encoded

/// S3 refuses URLs that are valid for longer: 7 days.
inline constexpr std::int64_t url_valid_max_s = 604'800;

/// Percent-encodes each segment of `path` once, as S3 does it, and keeps the slashes.
std::string encoded_path(std::string_view path);

/// What is signed, and sent by whoever has the URL.
struct PresignedRequest {
    std::string method = "GET";
    http::Url url;  ///< its path is encoded by encoded_path(); it has no query
    Query query;
    std::optional<std::uint64_t> content_length{};  ///< the URL serves a body of this many bytes only
};

/// The URL with its query and the signature, for anybody until `valid_s` (1 to url_valid_max_s) after `now_unix_s`. The
/// body is not signed. Its port is left out where it is the usual one: clients send as Host what the URL names, and
/// that is signed (http/host_header.hpp). A secret until it has expired.
std::string presigned_url(const Credentials& credentials, std::string_view region, const PresignedRequest& request,
                          std::int64_t now_unix_s, std::int64_t valid_s);

/// Signs `request`, whose URL has no query yet: adds `query` to the URL, and the headers x-amz-date,
/// x-amz-content-sha256, x-amz-security-token (if there is a session) and authorization. Body and all headers that the
/// request has already are signed, too, and may not be changed afterwards.
void sign(http::ClientRequest& request, const Query& query, const Credentials& credentials, std::string_view region,
          std::int64_t now_unix_s);

}  // namespace emeth::network::s3
