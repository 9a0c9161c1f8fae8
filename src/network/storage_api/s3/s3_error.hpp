// What an answer of S3 that is no success means. Pure. Source: "Error responses" in the Amazon S3 API Reference.
#pragma once

#include <cstdint>
#include <string_view>

#include "http/client.hpp"
#include "network/storage_api/s3/s3_answers.hpp"
#include "runtime/result.hpp"

namespace emeth::network::s3 {

/// S3 refuses what was signed by a clock that is further off than this.
inline constexpr std::int64_t clock_difference_max_s = 15 * 60;

/// Transient for 408, 425, 429, 5xx (not for what the store does not implement), and for codes and clocks that pass:
/// SlowDown, InternalError, RequestTimeout, OperationAborted, RequestTimeTooSkewed. Otherwise permanent. "<what>
/// answered 403 Forbidden: SignatureDoesNotMatch: <S3's words>; <the remedy>". `now_unix_s` is compared with the
/// answer's Date.
Error to_error(std::string_view what, const http::ClientResponse& response, std::int64_t now_unix_s);

}  // namespace emeth::network::s3
