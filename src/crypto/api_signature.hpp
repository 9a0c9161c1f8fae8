// The signatures of the Storage API and of the published clients: keccak256(abi.encodePacked(…)), signed raw, with a
// wall-clock time in ms.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "crypto/private_key.hpp"
#include "runtime/result.hpp"

namespace emeth::crypto {

inline constexpr std::int64_t signature_valid_ms = 60'000;
/// Clocks differ a little: a signature may be this far in the future.
inline constexpr std::int64_t signature_skew_ms = 2'000;

/// keccak256(abi.encodePacked(string jobId, uint256 signedtime)); jobId as the 34-character 0x string.
Hash256 job_request_digest(const JobId& job, std::int64_t signed_at_ms);
/// keccak256(abi.encodePacked(string "emeth storage v2\n<endpoint>\n", string jobId, packed_fields, uint256
/// signedtime)): of our own endpoints, so that a signature serves no other one. The fields must not be confused with
/// one another: at most one of them, the last, has no fixed length.
Hash256 endpoint_request_digest(std::string_view endpoint, const JobId& job, std::string_view packed_fields,
                                std::int64_t signed_at_ms);
/// abi.encodePacked of a uint256.
std::string packed_uint256(std::uint64_t value);
/// keccak256(abi.encodePacked(uint256 signedtime)): sent by published workers when they connect.
Hash256 connect_digest(std::int64_t signed_at_ms);

/// Checks that the signature is not too old (60 s), not in the future and well-formed,
/// and that `claimed` signed `digest`.
Result<void> check_signature(const Hash256& digest, std::string_view signature_hex, const Address& claimed,
                             std::int64_t signed_at_ms, std::int64_t now_ms);

}  // namespace emeth::crypto
