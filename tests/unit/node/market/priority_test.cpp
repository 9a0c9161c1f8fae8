#include "node/market/priority.hpp"

#include <gtest/gtest.h>

#include <algorithm>
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

std::vector<JobId> ranked(std::vector<Prospect> prospects, std::string_view priority) {
    node::rank(prospects, *node::find_priority(priority));
    std::vector<JobId> ids;
    for (const auto& each : prospects) ids.push_back(each.id);
    return ids;
}

TEST(Priority, OrdersByFeeAndThenById) {
    std::vector<Prospect> prospects{prospect(3, "10"), prospect(2, "20"), prospect(1, "10")};
    const std::vector<JobId> expected{repeated<JobId>(2), repeated<JobId>(1), repeated<JobId>(3)};
    EXPECT_EQ(ranked(prospects, "fee"), expected);
    std::ranges::reverse(prospects);
    EXPECT_EQ(ranked(prospects, "fee"), expected) << "whatever the order in which the server lists them";
}

TEST(Priority, EveryOneBreaksTiesByIdAndHasANameOfItsOwn) {
    std::set<std::string_view> names;
    for (const auto& priority : node::priorities()) {
        EXPECT_TRUE(names.insert(priority.name).second) << priority.name;
        EXPECT_EQ(node::find_priority(priority.name)->precedes, priority.precedes);
        std::vector<Prospect> equal{prospect(2, "10"), prospect(1, "10"), prospect(3, "10")};
        node::rank(equal, priority);
        EXPECT_TRUE(std::ranges::is_sorted(equal, {}, &Prospect::id)) << priority.name;
    }
    EXPECT_EQ(node::find_priority("none"), nullptr);
}

}  // namespace
}  // namespace emeth::test
