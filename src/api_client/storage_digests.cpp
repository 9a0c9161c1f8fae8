#include "api_client/storage_digests.hpp"

#include "api_client/storage_api_client.hpp"
#include "crypto/api_signature.hpp"

namespace emeth::api_client {
namespace {

std::string packed(const Hash256& value) {
    return {value.bytes.begin(), value.bytes.end()};
}

}  // namespace

Hash256 upload_state_digest(const JobId& job, std::string_view upload_id, std::int64_t signed_at_ms) {
    return crypto::endpoint_request_digest(upload_state_path, job, upload_id, signed_at_ms);
}

Hash256 dataset_upload_digest(const JobId& job, const Hash256& sha256, std::uint64_t bytes, std::int64_t signed_at_ms) {
    return crypto::endpoint_request_digest(signed_put_url_path, job, packed(sha256) + crypto::packed_uint256(bytes),
                                           signed_at_ms);
}

Hash256 result_url_digest(const JobId& job, std::string_view extension, std::int64_t signed_at_ms) {
    return crypto::endpoint_request_digest(signed_result_url_path, job, extension, signed_at_ms);
}

Hash256 verdict_reason_digest(const JobId& job, const Hash256& submit_block, std::string_view reason,
                              std::int64_t signed_at_ms) {
    return crypto::endpoint_request_digest(put_verdict_reason_path, job, packed(submit_block).append(reason),
                                           signed_at_ms);
}

}  // namespace emeth::api_client
