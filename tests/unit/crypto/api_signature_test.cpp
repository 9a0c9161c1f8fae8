#include "crypto/api_signature.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "crypto/keccak256.hpp"

namespace emeth::crypto {
namespace {

using testing::HasSubstr;

constexpr std::int64_t now = 1'700'000'000'000;
const JobId job = *JobId::parse("0x000102030405060708090a0b0c0d0e0f");

struct ApiSignature : testing::Test {
    PrivateKey key = PrivateKey::parse(std::string(63, '0') + "1").value();

    Result<void> checked(std::int64_t signed_at) const {
        const Hash256 digest = job_request_digest(job, signed_at);
        return check_signature(digest, key.sign(digest).hex(), key.address(), signed_at, now);
    }
};

TEST_F(ApiSignature, DigestsArePackedAsSolidityDoes) {
    const std::string time = std::string(24, '\0') + std::string("\x00\x00\x01\x8b\xcf\xe5\x68\x00", 8);
    const std::string id = "0x000102030405060708090a0b0c0d0e0f";
    EXPECT_EQ(job_request_digest(job, now), keccak256(id + time));
    EXPECT_EQ(connect_digest(now), keccak256(time));
    EXPECT_EQ(endpoint_request_digest("/api/x", job, "fields", now),
              keccak256("emeth storage v2\n/api/x\n" + id + "fields" + time));
    EXPECT_EQ(packed_uint256(0x0102030405060708), std::string(24, '\0') + "\x01\x02\x03\x04\x05\x06\x07\x08");
}

TEST_F(ApiSignature, FreshOneIsAccepted) {
    EXPECT_TRUE(checked(now).has_value());
    EXPECT_TRUE(checked(now - signature_valid_ms).has_value());
    EXPECT_TRUE(checked(now + signature_skew_ms).has_value());
}

TEST_F(ApiSignature, ExpiredOneIsRefused) {
    EXPECT_THAT(checked(now - signature_valid_ms - 1).error().message,
                HasSubstr("is 60001 ms old, and valid for 60000 ms"));
    EXPECT_TRUE(checked(0).has_error());
}

TEST_F(ApiSignature, OneFromTheFutureIsRefused) {
    EXPECT_THAT(checked(now + signature_skew_ms + 1).error().message, HasSubstr("is 2001 ms in the future"));
    EXPECT_TRUE(checked(std::numeric_limits<std::int64_t>::max()).has_error());
}

TEST_F(ApiSignature, NegativeTimeIsRefused) {
    EXPECT_TRUE(checked(-1).has_error());
    EXPECT_TRUE(checked(std::numeric_limits<std::int64_t>::min()).has_error());
}

TEST_F(ApiSignature, OfAnotherKeyOrDigestIsRefused) {
    const Hash256 digest = job_request_digest(job, now);
    const PrivateKey other = PrivateKey::generate(system_random());
    EXPECT_EQ(
        check_signature(digest, key.sign(digest).hex(), other.address(), now, now).error().message,
        "the signature is of 0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf, not of " + checksum_address(other.address()));
    EXPECT_TRUE(check_signature(digest, key.sign(connect_digest(now)).hex(), key.address(), now, now).has_error());
}

TEST_F(ApiSignature, MalformedOneIsRefused) {
    const Hash256 digest = job_request_digest(job, now);
    EXPECT_THAT(check_signature(digest, "0x12", key.address(), now, now).error().message,
                HasSubstr("no 65 bytes of hex"));
    EXPECT_THAT(check_signature(digest, Signature{}.hex(), key.address(), now, now).error().message,
                HasSubstr("malformed"));
}

}  // namespace
}  // namespace emeth::crypto
