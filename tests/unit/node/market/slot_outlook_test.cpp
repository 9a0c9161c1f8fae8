// The share of a day's EMT that a JOB is expected to earn, against sums that were made by hand; and its reading.
#include "node/market/slot_outlook.hpp"

#include <gtest/gtest.h>

#include "chain/amount.hpp"
#include "node/market/slot_watch.hpp"
#include "node_world.hpp"
#include "support/io_fixture.hpp"

namespace emeth::test {
namespace {

using node::DayOfGas;
using node::SlotsSeen;

constexpr std::uint64_t today = 20'000;
constexpr std::int64_t midnight_s = std::int64_t{today} * 86'400;
constexpr std::int64_t noon_s = midnight_s + 43'200;

Wei coins(std::string_view text) {
    return chain::parse_coins(text).value();
}

chain::Slot slot(std::uint64_t number, std::uint64_t total, std::uint64_t own) {
    chain::Slot made;
    made.number = number;
    made.total_gas = total;
    made.own_gas = own;
    made.reward = coins("288000");
    return made;
}

/// Floor(600 · 24 · 10^18 / 365) wei less each day, never below zero.
TEST(SlotOutlook, TheRewardFallsDayByDay) {
    EXPECT_EQ(chain::format_wei(node::reward_decrement()), "39452054794520547945");
    EXPECT_EQ(node::reward_after(coins("288000"), 0), coins("288000"));
    EXPECT_EQ(chain::format_wei(node::reward_after(coins("288000"), 2)), "287921095890410958904110");
    EXPECT_EQ(node::reward_after(coins("39"), 1), Wei{});
    EXPECT_EQ(node::reward_after(coins("288000"), ~std::uint64_t{0}), Wei{});
}

/// 300 so far at noon, and half of the usual (400 + 600) / 2 to come; of its own 100 and half of (0 + 100) / 2.
TEST(SlotOutlook, TodayIsWhatWasVerifiedAndTheUsualRest) {
    const SlotsSeen seen{slot(today, 300, 100), {slot(today - 1, 400, 0), slot(today - 2, 600, 100)}};
    const auto day = node::expected_day(seen, noon_s, noon_s + 3'600);
    ASSERT_TRUE(day);
    EXPECT_EQ(day->slot, today);
    EXPECT_DOUBLE_EQ(day->total_gas, 550);
    EXPECT_DOUBLE_EQ(day->own_gas, 125);
    EXPECT_EQ(day->reward, coins("288000"));
}

TEST(SlotOutlook, AVerdictAfterMidnightCountsInTheNextDay) {
    const SlotsSeen seen{slot(today, 300, 100), {slot(today - 1, 400, 0), slot(today - 2, 600, 100)}};
    const auto day = node::expected_day(seen, noon_s, midnight_s + 86'400);
    ASSERT_TRUE(day);
    EXPECT_EQ(day->slot, today + 1);
    EXPECT_DOUBLE_EQ(day->total_gas, 500);
    EXPECT_DOUBLE_EQ(day->own_gas, 50);
    EXPECT_EQ(day->reward, node::reward_after(coins("288000"), 1));
}

/// On the contract's first day only the day itself tells: 300 in 12 h. Its first minutes count as an hour.
TEST(SlotOutlook, TheFirstDayGoesOnAsItBegan) {
    const SlotsSeen seen{slot(today, 300, 0), {}};
    EXPECT_DOUBLE_EQ(node::expected_day(seen, noon_s, noon_s)->total_gas, 600);
    EXPECT_NEAR(node::expected_day(seen, midnight_s + 60, noon_s)->total_gas, 300 + 300 * 24 * (86'340.0 / 86'400),
                1e-6);
}

TEST(SlotOutlook, BeforeTheFirstVerdictNobodyKnows) {
    EXPECT_FALSE(node::expected_day({slot(today, 0, 0), {}}, noon_s, noon_s));
    EXPECT_FALSE(node::expected_day({slot(today, 0, 0), {slot(today - 1, 0, 0)}}, noon_s, noon_s));
}

/// 288,000 · ((100 + 20) / (480 + 20) − 100 / 480) = 288,000 · (0.24 − 0.208333…) = 9,120.
TEST(SlotOutlook, AShareIsWhatTheJobAddsToTheNodesOwn) {
    const DayOfGas day{today, coins("288000"), 480, 100};
    EXPECT_NEAR(chain::approximate_coins(node::slot_share(day, 20)), 9'120, 1e-6);
    EXPECT_EQ(node::slot_share(day, 0), Wei{});
}

TEST(SlotOutlook, WhoIsAloneGainsNothingByMoreGas) {
    EXPECT_EQ(node::slot_share({today, coins("288000"), 480, 480}, 20), Wei{});
}

class SlotWatchTest : public IoFixture {
protected:
    ExecutingChain chain;
    VirtualClock clock{io.get_executor()};
    node::SlotWatch watch{chain, clock, repeated<Address>(0x77)};
};

/// FakeChain tells slots as the test puts them; its day is that of its latest block.
TEST_F(SlotWatchTest, ReadsTodayAndTheDaysBeforeItSinceTheFirst) {
    const std::uint64_t first = run(chain.start_slot()).value();
    chain.mine(3 * 86'400);
    const std::uint64_t now = run(chain.current_slot()).value();
    ASSERT_EQ(now, first + 3);
    for (std::uint64_t number = first; number <= now; ++number) chain.slots[number] = slot(number, number, 1);
    const auto seen = run(watch.look());
    ASSERT_TRUE(seen);
    EXPECT_EQ(seen->today.total_gas, now);
    ASSERT_EQ(seen->closed.size(), 3U);
    EXPECT_EQ(seen->closed.front().number, first);
}

TEST_F(SlotWatchTest, AContractThatTellsNoRewardIsNotKnown) {
    const std::uint64_t now = run(chain.current_slot()).value();
    chain.slots[now] = slot(now, 100, 1);
    chain.slots[now].reward = Wei{};
    EXPECT_FALSE(run(watch.look()));
}

TEST_F(SlotWatchTest, AnEndpointThatFailsLeavesTheShareOut) {
    chain.failure = transient_error("HTTP 503");
    EXPECT_FALSE(run(watch.look()));
}

}  // namespace
}  // namespace emeth::test
