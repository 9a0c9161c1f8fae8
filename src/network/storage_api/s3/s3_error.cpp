#include "network/storage_api/s3/s3_error.hpp"

#include <fmt/format.h>

#include <array>
#include <cstdlib>
#include <optional>
#include <string>

#include "http/date.hpp"

namespace emeth::network::s3 {
namespace {

/// What S3 means by a code that its status does not say, and what to do about it.
struct Meaning {
    std::string_view code;
    std::optional<ErrorKind> kind{};
    Fault fault = Fault::unknown;
    std::string_view remedy{};
};

constexpr std::string_view permissions =
    "allow the access key s3:GetObject, s3:PutObject, s3:DeleteObject, s3:AbortMultipartUpload and "
    "s3:ListMultipartUploadParts on the objects, and s3:ListBucket on the bucket";
constexpr std::string_view region_remedy = "set the region that the bucket is in, and the endpoint of that region";

constexpr std::array meanings{
    Meaning{"SlowDown", ErrorKind::transient, Fault::service},
    Meaning{"InternalError", ErrorKind::transient, Fault::service},
    Meaning{"ServiceUnavailable", ErrorKind::transient, Fault::service},
    Meaning{"RequestTimeout", ErrorKind::transient},
    Meaning{"OperationAborted", ErrorKind::transient},
    Meaning{"RequestTimeTooSkewed", ErrorKind::transient, Fault::unknown, "set this machine's clock"},
    Meaning{"NotImplemented", ErrorKind::permanent, Fault::unknown,
            "the store must have multipart uploads and ListObjectsV2"},
    Meaning{"SignatureDoesNotMatch",
            {},
            Fault::unknown,
            "check the secret key and the region, and that no proxy changes Host or path"},
    Meaning{"InvalidAccessKeyId", {}, Fault::unknown, "check the access key"},
    Meaning{"ExpiredToken", {}, Fault::unknown, "get new temporary credentials"},
    Meaning{"InvalidToken", {}, Fault::unknown, "get new temporary credentials"},
    Meaning{"AccessDenied", {}, Fault::unknown, permissions},
    Meaning{"NoSuchBucket", {}, Fault::unknown, "create the bucket, or name another"},
    Meaning{"AuthorizationHeaderMalformed", {}, Fault::unknown, region_remedy},
    Meaning{"AuthorizationQueryParametersError", {}, Fault::unknown, region_remedy},
    Meaning{"PermanentRedirect", {}, Fault::unknown, region_remedy},
};

Meaning meaning_of(unsigned status, std::string_view code) {
    for (const Meaning& meaning : meanings)
        if (meaning.code == code) return meaning;
    if (code.empty() && status == 403) return {code, {}, Fault::unknown, permissions};  // HEAD has no body
    if (status == 405 || status == 501) return meaning_of(status, "NotImplemented");
    return {code};
}

/// How far this machine's clock is ahead of the store's, if that is too far.
std::optional<std::int64_t> clock_difference_s(const http::ClientResponse& response, std::int64_t now_unix_s) {
    const auto date = response.headers.find("date");
    if (date == response.headers.end()) return std::nullopt;
    const std::optional<std::int64_t> there = http::parse_date(date->second);
    if (!there || std::abs(now_unix_s - *there) <= clock_difference_max_s) return std::nullopt;
    return now_unix_s - *there;
}

}  // namespace

Error to_error(std::string_view what, const http::ClientResponse& response, std::int64_t now_unix_s) {
    const std::optional<S3Failure> failure = read_failure(response.body);
    http::ClientResponse said = response;
    if (failure) said.body = fmt::format("{}: {}", failure->code, failure->message);
    if (said.body.empty()) said.body = "no reason is given";
    Error error = http::status_error(what, said);

    const bool is_refusal = response.status == 400 || response.status == 403;
    if (const auto ahead_s = is_refusal ? clock_difference_s(response, now_unix_s) : std::nullopt) {
        error.kind = ErrorKind::transient;
        error.message += fmt::format(
            "; this machine's clock is {} minutes {} the store's, which refuses more than 15: set it "
            "(timedatectl set-ntp true)",
            std::abs(*ahead_s) / 60, *ahead_s > 0 ? "ahead of" : "behind");
        return error;
    }
    const Meaning meaning = meaning_of(response.status, failure ? failure->code : std::string_view());
    if (meaning.kind) {
        error.kind = *meaning.kind;
        error.fault = meaning.fault;
    }
    if (!meaning.remedy.empty()) error.message += fmt::format("; {}", meaning.remedy);
    return error;
}

}  // namespace emeth::network::s3
