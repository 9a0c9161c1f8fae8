// What is signed for our own endpoints of the Storage API: keccak256(abi.encodePacked(string "emeth storage v2\n<path
// of the endpoint>\n", string jobId, …, uint256 signedtime)), so that a signature serves one endpoint and one request.
#pragma once

#include <cstdint>
#include <string_view>

#include "statemachine/types.hpp"

namespace emeth::api_client {

/// … string uploadId
Hash256 upload_state_digest(const JobId& job, std::string_view upload_id, std::int64_t signed_at_ms);
/// … bytes32 sha256, uint256 bytes
Hash256 dataset_upload_digest(const JobId& job, const Hash256& sha256, std::uint64_t bytes, std::int64_t signed_at_ms);
/// … string extension; empty where the request names none
Hash256 result_url_digest(const JobId& job, std::string_view extension, std::int64_t signed_at_ms);
/// … bytes32 submitBlock, string reason
Hash256 verdict_reason_digest(const JobId& job, const Hash256& submit_block, std::string_view reason,
                              std::int64_t signed_at_ms);

}  // namespace emeth::api_client
