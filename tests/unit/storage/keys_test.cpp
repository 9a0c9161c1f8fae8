#include "storage/keys.hpp"

#include <gtest/gtest.h>

#include "support/job_events.hpp"

namespace emeth::storage {
namespace {

using test::numbered;

TEST(Keys, NumbersSortAsNumbers) {
    const std::uint64_t numbers[] = {0, 1, 255, 256, 65'535, 65'536, 1ULL << 32, ~0ULL};
    for (std::size_t i = 1; i < std::size(numbers); ++i) {
        EXPECT_LT(number_key(numbers[i - 1]), number_key(numbers[i]));
        EXPECT_EQ(number_of_key(number_key(numbers[i])), numbers[i]);
    }
    EXPECT_EQ(number_key(0x0102), std::string("\0\0\0\0\0\0\x01\x02", 8));
    EXPECT_FALSE(number_of_key("short"));
}

TEST(Keys, HistoryOfAJobIsInOneRunAndInOrder) {
    const auto id = numbered<JobId>(7);
    EXPECT_TRUE(history_key(id, 1).starts_with(job_key(id)));
    EXPECT_LT(history_key(id, 255), history_key(id, 256));
    EXPECT_LT(history_key(id, ~0ULL), history_key(numbered<JobId>(8), 0));
    EXPECT_EQ(job_of_key(job_key(id)), id);
    EXPECT_FALSE(job_of_key(history_key(id, 1)));
}

TEST(Keys, ArePrintedForPeople) {
    EXPECT_EQ(printable_key("withdraw/20415"), "withdraw/20415");
    EXPECT_EQ(printable_key(refusal_key(1)), "refusal/0x0000000000000001");
    EXPECT_EQ(printable_key(number_key(47)), "0x000000000000002f");
    EXPECT_EQ(printable_key(job_key(numbered<JobId>(7))), "0x00000000000000000000000000000007");
    EXPECT_EQ(printable_key(""), "0x");
}

}  // namespace
}  // namespace emeth::storage
