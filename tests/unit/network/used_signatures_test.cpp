#include "network/storage_api/used_signatures.hpp"

#include <gtest/gtest.h>

namespace emeth::network {
namespace {

constexpr std::int64_t now = 1'700'000'000'000;

template <class Bytes>
Bytes numbered(std::uint64_t number) {
    Bytes value;
    for (std::size_t i = 0; i < 8; ++i) value.bytes[i] = static_cast<std::uint8_t>(number >> (8 * i));
    return value;
}

class UsedSignaturesTest : public ::testing::Test {
protected:
    unsigned use(std::uint64_t signer, std::uint64_t digest, std::int64_t signed_at_ms = now,
                 std::int64_t at_ms = now) {
        const OrRefusal<void> used =
            signatures.use(numbered<Address>(signer), numbered<Hash256>(digest), signed_at_ms, at_ms);
        return used.has_error() ? used.error().status : 200;
    }
    UsedSignatures signatures;
};

TEST_F(UsedSignaturesTest, EachIsTakenOnce) {
    EXPECT_EQ(use(1, 1), 200u);
    EXPECT_EQ(use(1, 1), 401u);
    EXPECT_EQ(use(1, 1, now, now + 60'000), 401u) << "as long as it is valid";
    EXPECT_EQ(use(1, 2), 200u);
    EXPECT_EQ(use(2, 1), 200u);
}

TEST_F(UsedSignaturesTest, OneMayCountSeveralTimes) {
    const auto use_of_three = [this] { return signatures.use(Address{}, Hash256{}, now, now, 3).has_value(); };
    EXPECT_TRUE(use_of_three() && use_of_three() && use_of_three());
    EXPECT_FALSE(use_of_three());
}

TEST_F(UsedSignaturesTest, ForgetsWhatHasExpired) {
    for (std::uint64_t digest = 0; digest < 100; ++digest) use(digest % 3, digest);
    EXPECT_EQ(signatures.size(), 100u);
    EXPECT_EQ(use(1, 1'000, now + 60'001, now + 60'001), 200u);
    EXPECT_EQ(signatures.size(), 1u);
}

TEST_F(UsedSignaturesTest, OneAddressCannotCrowdOutTheOthers) {
    for (std::uint64_t digest = 0; digest < UsedSignatures::per_address_max; ++digest) ASSERT_EQ(use(1, digest), 200u);
    EXPECT_EQ(use(1, 1'000'000), 429u);
    EXPECT_EQ(use(2, 1'000'000), 200u);
    EXPECT_EQ(use(1, 1'000'001, now + 60'001, now + 60'001), 200u);
}

TEST_F(UsedSignaturesTest, MadeUpAddressesCannotCrowdOutTheOthers) {
    for (std::uint64_t number = 0; number < UsedSignatures::total_max; ++number)
        ASSERT_EQ(use(number, number, now + 1), 200u);
    EXPECT_EQ(use(1'000'000, 1), 200u);
    EXPECT_EQ(signatures.size(), UsedSignatures::total_max);
}

}  // namespace
}  // namespace emeth::network
