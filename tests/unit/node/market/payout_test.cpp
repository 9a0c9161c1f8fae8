// What verified JOBs brought, against what the rules say.
#include "node/market/payout.hpp"

#include <gtest/gtest.h>

#include "chain/amount.hpp"
#include "support/fake_chain.hpp"

namespace emeth::test {
namespace {

using node::Payout;

Wei coins(std::string_view text) {
    return chain::parse_coins(text).value();
}

Payout payout(std::uint8_t number, std::string_view deposit, std::string_view due, std::string_view paid) {
    return {repeated<JobId>(number), repeated<Hash256>(number), number, coins(deposit), coins(due), coins(paid)};
}

TEST(Payout, TheRulesGiveDepositAndFeeLessTheVerifiersFee) {
    EXPECT_EQ(node::due_by_the_rules(coins("20"), coins("20"), coins("10")), coins("30"));
    EXPECT_EQ(node::due_by_the_rules(Wei{}, coins("5"), coins("10")), Wei{});
}

TEST(Payout, WhatLacksIsExpectedInProportionToTheDeposit) {
    const Payout kept = payout(1, "20", "30", "10");
    EXPECT_EQ(node::shortfall_of(kept), coins("20"));
    EXPECT_EQ(node::expected_shortfall(kept, coins("30")), coins("30")) << "it keeps whole deposits";
    EXPECT_EQ(node::expected_shortfall(payout(1, "20", "30", "25"), coins("30")), coins("7.5"));
    EXPECT_EQ(node::expected_shortfall(payout(1, "20", "30", "31"), coins("30")), Wei{}) << "more is no shortfall";
    EXPECT_EQ(node::expected_shortfall(payout(1, "0", "30", "25"), coins("30")), coins("5"));
    Wei largest;
    largest.bytes.fill(0xff);
    EXPECT_EQ(node::expected_shortfall({{}, {}, 0, wei(1), largest, Wei{}}, largest), largest);
}

TEST(Payout, TheWorstLacksMostInProportion) {
    EXPECT_FALSE(node::worst_of({}));
    EXPECT_FALSE(node::worst_of({payout(1, "20", "30", "30"), payout(2, "20", "30", "40")}));
    const auto worst =
        node::worst_of({payout(1, "20", "30", "30"), payout(2, "200", "300", "299"), payout(3, "20", "30", "25")});
    ASSERT_TRUE(worst);
    EXPECT_EQ(worst->job, repeated<JobId>(3));
}

TEST(Payout, TheNewestAreKept) {
    const std::vector<Payout> known{payout(3, "1", "1", "1"), payout(1, "1", "1", "1")};
    const auto newest = node::newest_of({payout(5, "1", "1", "1"), payout(3, "1", "1", "1")}, known, 2);
    ASSERT_EQ(newest.size(), 2U);
    EXPECT_EQ(newest[0].block, 5U);
    EXPECT_EQ(newest[1].block, 3U);
}

TEST(Payout, ANoteIsReadAsItWasWritten) {
    const node::PayoutNote note{17, {payout(1, "20", "30", "10"), payout(2, "20", "30", "30")}};
    const auto read = node::read_payout_note(node::to_text(note));
    ASSERT_TRUE(read.has_value()) << read.error().message;
    EXPECT_EQ(read->looked_to_block, 17U);
    EXPECT_EQ(read->newest, note.newest);
    EXPECT_TRUE(node::read_payout_note("{}").has_error());
    EXPECT_TRUE(node::read_payout_note(R"({"lookedToBlock":1,"newest":[{"job":"0x"}]})").has_error());
}

}  // namespace
}  // namespace emeth::test
