// The signatures of the Storage API and of the published clients: keccak256(abi.encodePacked(…)), signed raw, with a
// wall-clock time in ms.
#pragma once

#include <cstdint>
#include <string_view>

#include "crypto/private_key.hpp"
#include "runtime/result.hpp"

namespace emeth::crypto {

inline constexpr std::int64_t signature_valid_ms = 60'000;
/// Clocks differ a little: a signature may be this far in the future.
inline constexpr std::int64_t signature_skew_ms = 2'000;

/// keccak256(abi.encodePacked(string jobId, uint256 signedtime)); jobId as the 34-character 0x string.
Hash256 job_request_digest(const JobId& job, std::int64_t signed_at_ms);
/// keccak256(abi.encodePacked(string jobId, bytes32 sha256, uint256 signedtime)): the requester's dataset upload.
Hash256 dataset_upload_digest(const JobId& job, const Hash256& sha256, std::int64_t signed_at_ms);
/// keccak256(abi.encodePacked(string jobId, bytes32 submitBlock, string reason, uint256 signedtime)): the verifier's
/// reason for a rejection. Only a reason that is not empty keeps it apart from the digests above.
Hash256 verdict_reason_digest(const JobId& job, const Hash256& submit_block, std::string_view reason,
                              std::int64_t signed_at_ms);
/// keccak256(abi.encodePacked(uint256 signedtime)): sent by published workers when they connect.
Hash256 connect_digest(std::int64_t signed_at_ms);

/// Checks that the signature is not too old (60 s), not in the future and well-formed,
/// and that `claimed` signed `digest`.
Result<void> check_signature(const Hash256& digest, std::string_view signature_hex, const Address& claimed,
                             std::int64_t signed_at_ms, std::int64_t now_ms);

}  // namespace emeth::crypto
