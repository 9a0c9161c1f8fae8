#include "node/market/priority.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <initializer_list>
#include <set>

#include "chain/amount.hpp"
#include "support/fake_chain.hpp"

namespace emeth::test {
namespace {

using node::Prospect;

Prospect prospect(std::uint8_t id, std::string_view fee) {
    Prospect made;
    made.id = repeated<JobId>(id);
    made.fee = chain::parse_coins(fee).value();
    return made;
}

const Address first_wallet = repeated<Address>(0x11), other_wallet = repeated<Address>(0x99);

std::vector<JobId> ranked(std::vector<Prospect> prospects, std::initializer_list<std::string_view> names,
                          const Address& wallet = first_wallet) {
    node::PriorityList list;
    for (const auto name : names) list.push_back(*node::find_priority(name));
    node::rank(prospects, list, wallet);
    std::vector<JobId> ids;
    for (const auto& each : prospects) ids.push_back(each.id);
    return ids;
}

std::vector<JobId> order(std::initializer_list<std::uint8_t> numbers) {
    std::vector<JobId> ids;
    for (const auto number : numbers) ids.push_back(repeated<JobId>(number));
    return ids;
}

TEST(Priority, OrdersByFee) {
    std::vector<Prospect> prospects{prospect(3, "10"), prospect(2, "20"), prospect(1, "15")};
    EXPECT_EQ(ranked(prospects, {"fee"}), order({2, 1, 3}));
}

/// Nodes with the same settings would all run for the first of them, and all but one pay for nothing.
TEST(Priority, EqualJobsAreInAnOrderOfEachWalletsOwn) {
    std::vector<Prospect> prospects;
    for (std::uint8_t i = 1; i <= 20; ++i) prospects.push_back(prospect(i, "10"));
    const auto first = ranked(prospects, {"fee"}), other = ranked(prospects, {"fee"}, other_wallet);
    EXPECT_NE(first, other);
    std::ranges::reverse(prospects);
    EXPECT_EQ(ranked(prospects, {"fee"}), first) << "whatever the order in which the server lists them";
    std::set<JobId> firsts;
    for (std::uint8_t wallet = 1; wallet <= 50; ++wallet)
        firsts.insert(ranked(prospects, {"fee"}, repeated<Address>(wallet)).front());
    EXPECT_GT(firsts.size(), 12U) << "50 nodes on 20 JOBs leave e^-2.5 of them, 2, on average";
}

/// 100 and 101 EMT differ by less than the estimates they are made of.
TEST(Priority, ExpectedValuesThatAreNearlyEqualCountAsEqual) {
    std::vector<Prospect> prospects{prospect(1, "20"), prospect(2, "20")};
    prospects[0].expected_value = chain::parse_coins("100").value();
    prospects[1].expected_value = chain::parse_coins("101").value();
    std::set<JobId> firsts;
    for (std::uint8_t wallet = 1; wallet <= 20; ++wallet)
        firsts.insert(ranked(prospects, {"expected_value"}, repeated<Address>(wallet)).front());
    EXPECT_EQ(firsts.size(), 2U);
    prospects[1].expected_value = chain::parse_coins("110").value();
    EXPECT_EQ(ranked(prospects, {"expected_value"}), order({2, 1}));
}

/// 20 EMT in 4 h are 5 an hour, 12 EMT in 2 h are 6, 30 EMT in 10 h are 3.
TEST(Priority, OrdersByFeePerHour) {
    std::vector<Prospect> prospects{prospect(1, "20"), prospect(2, "12"), prospect(3, "30")};
    prospects[0].worker_s = 4 * 3'600;
    prospects[1].worker_s = 2 * 3'600;
    prospects[2].worker_s = 10 * 3'600;
    EXPECT_EQ(ranked(prospects, {"fee_per_hour"}), order({2, 1, 3}));
    prospects[1].fee.bytes.fill(0xff);
    prospects[2].fee.bytes.fill(0xff);
    EXPECT_EQ(ranked(prospects, {"fee_per_hour"}), order({2, 3, 1})) << "an amount of any size";
    prospects[1].worker_s = 0;
    EXPECT_EQ(ranked(prospects, {"fee_per_hour"}), order({3, 1, 2})) << "nobody can train it, as far as is known";
}

/// The slot's share makes the JOB with the lowest fee the best.
TEST(Priority, OrdersByExpectedValue) {
    std::vector<Prospect> prospects{prospect(1, "30"), prospect(2, "20"), prospect(3, "10")};
    prospects[0].expected_value = chain::parse_coins("19.5").value();
    prospects[2].expected_value = chain::parse_coins("25").value();
    EXPECT_EQ(ranked(prospects, {"expected_value"}), order({3, 1, 2}));
}

TEST(Priority, OrdersByDeadline) {
    std::vector<Prospect> prospects{prospect(1, "30"), prospect(2, "20"), prospect(3, "10")};
    prospects[0].deadline_unix_s = 1'700'003'600;
    prospects[1].deadline_unix_s = 1'700'000'000;
    prospects[2].deadline_unix_s = 1'700'001'800;
    EXPECT_EQ(ranked(prospects, {"deadline"}), order({2, 3, 1}));
}

TEST(Priority, OrdersByTheSmallestDataset) {
    std::vector<Prospect> prospects{prospect(1, "30"), prospect(2, "20"), prospect(3, "10")};
    prospects[0].dataset_bytes = 100'000'000;
    prospects[1].dataset_bytes = 4'096;
    prospects[2].dataset_bytes = 5'000'000;
    EXPECT_EQ(ranked(prospects, {"smallest"}), order({2, 3, 1}));
}

/// Of equal fees the earliest deadline, of equal deadlines the smaller dataset.
TEST(Priority, AListBreaksTies) {
    std::vector<Prospect> prospects{prospect(1, "20"), prospect(2, "20"), prospect(3, "10"), prospect(4, "20")};
    prospects[0].deadline_unix_s = 200;
    prospects[1].deadline_unix_s = 100;
    prospects[3].deadline_unix_s = 200;
    prospects[0].dataset_bytes = 9'000;
    prospects[3].dataset_bytes = 5'000;
    EXPECT_EQ(ranked(prospects, {"fee", "deadline", "smallest"}), order({2, 4, 1, 3}));
    EXPECT_EQ(ranked(prospects, {"smallest", "fee"}), order({2, 3, 4, 1}));
}

TEST(Priority, PreferredRequestersComeFirstWhateverThePriority) {
    for (const auto& priority : node::priorities()) {
        std::vector<Prospect> prospects{prospect(1, "30"), prospect(2, "10")};
        prospects[0].expected_value = prospects[0].fee;
        prospects[1].deadline_unix_s = 1;
        prospects[1].dataset_bytes = 1;
        prospects[1].is_preferred = true;
        EXPECT_EQ(ranked(prospects, {priority.name}), order({2, 1})) << priority.name;
    }
}

TEST(Priority, EveryOneHasANameOfItsOwnAndIsAnOrder) {
    std::set<std::string_view> names;
    for (const auto& priority : node::priorities()) {
        EXPECT_TRUE(names.insert(priority.name).second) << priority.name;
        EXPECT_EQ(node::find_priority(priority.name)->precedes, priority.precedes);
        EXPECT_EQ(ranked({prospect(2, "10"), prospect(1, "10"), prospect(3, "10")}, {priority.name}),
                  ranked({prospect(3, "10"), prospect(2, "10"), prospect(1, "10")}, {priority.name}))
            << priority.name;
    }
    EXPECT_EQ(node::find_priority("none"), nullptr);
}

}  // namespace
}  // namespace emeth::test
