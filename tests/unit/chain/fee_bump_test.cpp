#include "chain/sender/fee_bump.hpp"

#include <gtest/gtest.h>

#include "chain/amount.hpp"
#include "chain/fee_policy.hpp"

namespace emeth::chain {
namespace {

const Wei ceiling = gwei_to_wei(10'000);

Fees market_fees(std::uint64_t max_fee_gwei, std::uint64_t tip_gwei) {
    return {gwei_to_wei(max_fee_gwei), gwei_to_wei(tip_gwei)};
}

/// What a node requires of a replacement, with some margin: 12.5 % more.
bool is_an_eighth_above(const Wei& price, const Wei& earlier) {
    return to_u256(price) * 8 >= to_u256(earlier) * 9 && price > earlier;
}

TEST(FeeBump, LeavesAnOfferThatIsWhatTheEndpointAsks) {
    for (const Fees& newest : {market_fees(20, 2), legacy_fees(gwei_to_wei(20))}) {
        const BumpDecision decision = decide_bump(newest, newest, ceiling);
        EXPECT_FALSE(decision.offer);
        EXPECT_FALSE(decision.at_ceiling);
    }
    EXPECT_FALSE(decide_bump(market_fees(20, 2), market_fees(19, 1), ceiling).offer);
    EXPECT_FALSE(decide_bump(legacy_fees(gwei_to_wei(20)), market_fees(20, 9), ceiling).offer)
        << "a legacy price is fee and tip in one";
}

TEST(FeeBump, FollowsThePriceUp) {
    EXPECT_EQ(decide_bump(market_fees(20, 2), market_fees(90, 5), ceiling).offer, market_fees(90, 5));
    EXPECT_EQ(decide_bump(legacy_fees(gwei_to_wei(20)), legacy_fees(gwei_to_wei(90)), ceiling).offer,
              legacy_fees(gwei_to_wei(90)));
    EXPECT_EQ(decide_bump(legacy_fees(gwei_to_wei(20)), market_fees(90, 5), ceiling).offer,
              legacy_fees(gwei_to_wei(90)))
        << "of the kind that was signed first";
}

TEST(FeeBump, RaisesFeeAndTipByMoreThanNodesDemand) {
    // Only one of the two is asked for; nodes refuse a replacement that does not raise both.
    for (const Fees& market : {market_fees(21, 2), market_fees(20, 3)}) {
        const Fees newest = market_fees(20, 2);
        const auto offer = decide_bump(newest, market, ceiling).offer;
        ASSERT_TRUE(offer);
        EXPECT_TRUE(is_an_eighth_above(offer->max_fee_per_gas, newest.max_fee_per_gas));
        EXPECT_TRUE(is_an_eighth_above(*offer->priority_fee_per_gas, *newest.priority_fee_per_gas));
        EXPECT_GE(offer->max_fee_per_gas, market.max_fee_per_gas);
        EXPECT_GE(offer->priority_fee_per_gas, market.priority_fee_per_gas);
    }
    for (std::uint64_t wei = 0; wei < 100; ++wei) {
        const Fees newest{to_wei(wei), to_wei(wei)};
        const Fees market{to_wei(wei + 1), to_wei(std::uint64_t{0})};
        const auto offer = decide_bump(newest, market, ceiling).offer;
        ASSERT_TRUE(offer) << wei;
        EXPECT_TRUE(is_an_eighth_above(offer->max_fee_per_gas, newest.max_fee_per_gas)) << wei;
        EXPECT_TRUE(is_an_eighth_above(*offer->priority_fee_per_gas, *newest.priority_fee_per_gas)) << wei;
    }
}

TEST(FeeBump, NeverGoesAboveTheCeiling) {
    const Wei low = gwei_to_wei(100);
    EXPECT_EQ(decide_bump(market_fees(50, 2), market_fees(170, 5), low).offer, market_fees(100, 5));
    EXPECT_EQ(decide_bump(market_fees(50, 2), market_fees(170, 160), low).offer, market_fees(100, 100))
        << "a tip above the fee is no transaction";
    for (const std::uint64_t newest : {89u, 100u, 120u}) {
        const BumpDecision decision = decide_bump(market_fees(newest, 2), market_fees(170, 5), low);
        EXPECT_FALSE(decision.offer) << newest;
        EXPECT_TRUE(decision.at_ceiling) << newest;
    }
}

TEST(FeeBump, EndsAfterABoundedNumberOfVariants) {
    Wei largest;
    largest.bytes.fill(0xff);
    Fees newest = legacy_fees(to_wei(std::uint64_t{1}));
    int variants = 0;
    // A price that is always one wei above the last offer, until no further offer is possible.
    for (; variants < 1'000; ++variants) {
        const Fees market = legacy_fees(saturating_sum(newest.max_fee_per_gas, to_wei(std::uint64_t{1})));
        const auto offer = decide_bump(newest, market, ceiling).offer;
        if (!offer) break;
        newest = *offer;
    }
    EXPECT_LT(variants, 300);
    EXPECT_LE(newest.max_fee_per_gas, ceiling);
    EXPECT_FALSE(decide_bump(legacy_fees(largest), legacy_fees(largest), largest).offer);
}

TEST(PriceWaitTest, CountsTheBlocksOfOneOffer) {
    PriceWait wait;
    EXPECT_EQ(wait.blocks(7, 0, 100), 0u);
    EXPECT_EQ(wait.blocks(7, 0, 104), 4u);
    EXPECT_EQ(wait.blocks(7, 0, 98), 0u) << "a reorganisation";
    EXPECT_EQ(wait.blocks(7, 0, 105), 5u) << "which does not begin the wait anew";
    EXPECT_EQ(wait.blocks(7, 1, 105), 0u) << "a new offer";
    EXPECT_EQ(wait.blocks(7, 1, 108), 3u);
    EXPECT_EQ(wait.blocks(8, 1, 108), 0u) << "another nonce";
}

}  // namespace
}  // namespace emeth::chain
