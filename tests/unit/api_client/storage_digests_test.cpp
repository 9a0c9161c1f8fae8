#include "api_client/storage_digests.hpp"

#include <gtest/gtest.h>

#include <set>

#include "crypto/api_signature.hpp"
#include "crypto/keccak256.hpp"

namespace emeth::api_client {
namespace {

constexpr std::int64_t now = 1'700'000'000'000;

TEST(StorageDigests, AreThoseOfThePage) {
    const JobId job = *JobId::parse("0x000102030405060708090a0b0c0d0e0f");
    const auto expected = [](const std::string& path, const std::string& fields) {
        return crypto::keccak256("emeth storage v2\n" + path + "\n0x000102030405060708090a0b0c0d0e0f" + fields +
                                 crypto::packed_uint256(now));
    };
    Hash256 digest;
    digest.bytes.fill('s');
    const std::string packed(32, 's');
    const std::set<Hash256> all{upload_state_digest(job, packed, now), dataset_upload_digest(job, digest, 5, now),
                                result_url_digest(job, packed, now), verdict_reason_digest(job, digest, "", now),
                                crypto::job_request_digest(job, now)};
    EXPECT_EQ(all.size(), 5u) << "each serves one endpoint";
    EXPECT_EQ(upload_state_digest(job, "id", now), expected("/api/v1/node/multipartUpload/state", "id"));
    EXPECT_EQ(dataset_upload_digest(job, digest, 5, now),
              expected("/api/v1/requester/signed-put-url", packed + crypto::packed_uint256(5)));
    EXPECT_EQ(result_url_digest(job, ".tar", now), expected("/api/v1/node/signed-result-url", ".tar"));
    EXPECT_EQ(verdict_reason_digest(job, digest, "no tar", now),
              expected("/api/v1/verifier/verdict-reason", packed + "no tar"));
}

}  // namespace
}  // namespace emeth::api_client
