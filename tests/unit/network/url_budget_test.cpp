#include "network/storage_api/url_budget.hpp"

#include <gtest/gtest.h>

namespace emeth::network {
namespace {

TEST(UrlBudget, IsBoundedByAddressAndMinute) {
    constexpr std::uint64_t all = UrlBudget::urls_per_minute_max;
    Address first, second;
    second.bytes.fill(2);
    UrlBudget budget;
    EXPECT_TRUE(budget.take(first, all - 1, 60'000).has_value());
    EXPECT_EQ(budget.take(first, 2, 61'000).error().status, 429u);
    EXPECT_TRUE(budget.take(first, 1, 119'999).has_value());
    EXPECT_EQ(budget.take(first, 1, 119'999).error().status, 429u);
    EXPECT_TRUE(budget.take(second, all, 119'999).has_value());
    EXPECT_TRUE(budget.take(first, all, 120'000).has_value());
    EXPECT_EQ(budget.size(), 1u) << "the minute before is forgotten";
    EXPECT_EQ(budget.take(second, ~std::uint64_t{0}, 120'000).error().status, 429u);
}

}  // namespace
}  // namespace emeth::network
