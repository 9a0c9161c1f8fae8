#include "crypto/api_signature.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>

#include "crypto/keccak256.hpp"

namespace emeth::crypto {
namespace {

std::string packed_time(std::int64_t unix_ms) {
    return packed_uint256(static_cast<std::uint64_t>(unix_ms));
}

}  // namespace

std::string packed_uint256(std::uint64_t value) {
    std::string packed(32, '\0');
    for (std::size_t byte = 0; byte < 8; ++byte, value >>= 8) packed[31 - byte] = static_cast<char>(value & 0xff);
    return packed;
}

Hash256 job_request_digest(const JobId& job, std::int64_t signed_at_ms) {
    return keccak256(job.hex() + packed_time(signed_at_ms));
}

Hash256 endpoint_request_digest(std::string_view endpoint, const JobId& job, std::string_view packed_fields,
                                std::int64_t signed_at_ms) {
    return keccak256(fmt::format("emeth storage v2\n{}\n{}", endpoint, job.hex()).append(packed_fields) +
                     packed_time(signed_at_ms));
}

Hash256 connect_digest(std::int64_t signed_at_ms) {
    return keccak256(packed_time(signed_at_ms));
}

Result<void> check_signature(const Hash256& digest, std::string_view signature_hex, const Address& claimed,
                             std::int64_t signed_at_ms, std::int64_t now_ms) {
    if (signed_at_ms < 0) return permanent_error(fmt::format("signedtime {} is negative", signed_at_ms));
    if (signed_at_ms > now_ms + signature_skew_ms)
        return permanent_error(fmt::format("signedtime {} is {} ms in the future; check the signer's clock",
                                           signed_at_ms, signed_at_ms - now_ms));
    if (now_ms - signed_at_ms > signature_valid_ms)
        return permanent_error(
            fmt::format("the signature is {} ms old, and valid for {} ms; sign again, and check the "
                        "signer's clock",
                        now_ms - signed_at_ms, signature_valid_ms));
    const std::optional<Signature> signature = Signature::parse(signature_hex);
    if (!signature) return permanent_error("the signature is no 65 bytes of hex");
    const std::optional<Address> signer = recover(digest, *signature);
    if (!signer) return permanent_error("the signature is malformed: v is not 27 or 28, or s is in the upper half");
    if (*signer != claimed)
        return permanent_error(
            fmt::format("the signature is of {}, not of {}", checksum_address(*signer), checksum_address(claimed)));
    return {};
}

}  // namespace emeth::crypto
