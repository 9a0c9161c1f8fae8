#include "chain/fee_policy.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "chain/amount.hpp"

namespace emeth::chain {
namespace {

Wei gwei(std::uint64_t amount) {
    return to_wei(amount * 1'000'000'000);
}

TEST(FeePolicy, OffersTwiceTheBaseFeePlusTheTip) {
    const Fees fees = dynamic_fees(gwei(7), gwei(2));
    EXPECT_EQ(fees.max_fee_per_gas, gwei(16));
    EXPECT_EQ(fees.priority_fee_per_gas, gwei(2));
}

TEST(FeePolicy, TipsOneGweiWhenNoneIsSuggested) {
    const Fees fees = dynamic_fees(Wei{}, std::nullopt);
    EXPECT_EQ(fees.max_fee_per_gas, gwei(1));
    EXPECT_EQ(fees.priority_fee_per_gas, gwei(1));
    EXPECT_EQ(dynamic_fees(gwei(1), Wei{}).priority_fee_per_gas, Wei{});
}

TEST(FeePolicy, DoesNotThrowOnAbsurdBaseFees) {
    Wei largest;
    largest.bytes.fill(0xff);
    EXPECT_EQ(dynamic_fees(largest, largest).max_fee_per_gas, largest);
}

TEST(FeePolicy, RefusesOffersAboveTheCeiling) {
    EXPECT_EQ(within_ceiling(legacy_fees(gwei(100)), gwei(100)).value().max_fee_per_gas, gwei(100));
    const Result<Fees> above = within_ceiling(legacy_fees(gwei(101)), gwei(100));
    ASSERT_FALSE(above);
    EXPECT_EQ(above.error().kind, ErrorKind::transient);
    EXPECT_THAT(above.error().message, testing::HasSubstr("101000000000"));
}

TEST(FeePolicy, CutsAnOfferToTheCeilingWhereThatStillCoversBaseFeeAndTip) {
    const Result<Fees> cut = within_ceiling(dynamic_fees(gwei(98), gwei(2)), gwei(100));
    ASSERT_TRUE(cut) << "198 gwei are offered, 100 are needed";
    EXPECT_EQ(cut->max_fee_per_gas, gwei(100));
    EXPECT_EQ(cut->priority_fee_per_gas, gwei(2));
    EXPECT_FALSE(within_ceiling(dynamic_fees(gwei(99), gwei(2)), gwei(100)));
    Wei largest;
    largest.bytes.fill(0xff);
    EXPECT_FALSE(within_ceiling(dynamic_fees(largest, largest), gwei(100)));
}

TEST(FeePolicy, AddsAQuarterToEstimates) {
    EXPECT_EQ(with_gas_margin(100'000), 125'000u);
    EXPECT_EQ(with_gas_margin(UINT64_MAX), UINT64_MAX);
}

}  // namespace
}  // namespace emeth::chain
