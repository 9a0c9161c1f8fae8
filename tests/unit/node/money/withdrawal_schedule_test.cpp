// When a wallet withdraws: its own moment of each day, and the rounds that follow from it.
#include "node/money/withdrawal_schedule.hpp"

#include <gtest/gtest.h>

#include <set>

#include "support/fake_chain.hpp"

namespace emeth::test {
namespace {

constexpr std::int64_t day_s = 86'400;
constexpr std::uint64_t day = 19'676;
constexpr std::int64_t midnight = static_cast<std::int64_t>(day) * day_s;
const Address wallet = repeated<Address>(0x11);

TEST(WithdrawalSchedule, TwoWalletsWithdrawAtDifferentMoments) {
    EXPECT_NE(node::withdrawal_delay_s(wallet, day), node::withdrawal_delay_s(repeated<Address>(0x12), day));
    EXPECT_NE(node::withdrawal_delay_s(wallet, day), node::withdrawal_delay_s(wallet, day + 1));
}

TEST(WithdrawalSchedule, TheMomentsOfManyWalletsAreSpreadOverTheWholeTime) {
    std::set<std::int64_t> moments;
    for (int wallets = 0; wallets < 250; ++wallets) {
        const auto delay_s = node::withdrawal_delay_s(repeated<Address>(static_cast<std::uint8_t>(wallets)), day);
        EXPECT_GE(delay_s, node::withdrawal_delay_min_s);
        EXPECT_LE(delay_s, node::withdrawal_delay_max_s);
        moments.insert(delay_s);
    }
    EXPECT_GE(moments.size(), 150U);
    EXPECT_LE(*moments.begin(), node::withdrawal_delay_min_s + 20);
    EXPECT_GE(*moments.rbegin(), node::withdrawal_delay_max_s - 20);
}

TEST(WithdrawalSchedule, ADayHasAWithdrawalAndASecondLook) {
    const std::int64_t withdrawal = midnight + node::withdrawal_delay_s(wallet, day);
    const std::int64_t tomorrow = midnight + day_s + node::withdrawal_delay_s(wallet, day + 1);
    EXPECT_EQ(node::next_round_unix_s(wallet, midnight - 1), withdrawal);
    EXPECT_EQ(node::next_round_unix_s(wallet, midnight), withdrawal);
    EXPECT_EQ(node::next_round_unix_s(wallet, withdrawal - 1), withdrawal);
    EXPECT_EQ(node::next_round_unix_s(wallet, withdrawal), withdrawal + node::settled_after_s);
    EXPECT_EQ(node::next_round_unix_s(wallet, withdrawal + node::settled_after_s), tomorrow);
    EXPECT_EQ(node::next_round_unix_s(wallet, midnight + day_s - 1), tomorrow);
}

TEST(WithdrawalSchedule, NoRoundIsMoreThanADayAway) {
    for (std::int64_t now = midnight; now < midnight + 3 * day_s; now += 97) {
        EXPECT_GT(node::next_round_unix_s(wallet, now), now);
        EXPECT_LE(node::next_round_unix_s(wallet, now), now + day_s);
    }
    EXPECT_GT(node::next_round_unix_s(wallet, 0), 0) << "a chain that begins in 1970";
}

}  // namespace
}  // namespace emeth::test
