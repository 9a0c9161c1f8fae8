// Refusals counted by reason.
#include "node/market/refusal_counts.hpp"

#include <gtest/gtest.h>

#include "support/job_events.hpp"

namespace emeth::test {
namespace {

using node::count_refusals;

storage::RefusedJob refusal(std::uint64_t job, std::int64_t at, std::string reason) {
    return {numbered<JobId>(job), at, std::move(reason)};
}

TEST(RefusalCounts, TheSameReasonWithOtherFiguresIsOne) {
    const auto counts =
        count_refusals({refusal(1, 10, "fee 3 EMT is below min_fee 10 EMT"), refusal(2, 20, "the dataset is missing"),
                        refusal(3, 30, "fee 4 EMT is below min_fee 10 EMT")});
    ASSERT_EQ(counts.size(), 2U);
    EXPECT_EQ(counts[0].jobs, 2U);
    EXPECT_EQ(counts[0].reason, "fee 4 EMT is below min_fee 10 EMT") << "the newest, with its figures";
    EXPECT_EQ(counts[0].newest_at_unix_ms, 30);
    EXPECT_EQ(counts[1].reason, "the dataset is missing");
}

TEST(RefusalCounts, AJobCountsOnceByItsLastReason) {
    const auto counts = count_refusals({refusal(1, 10, "no idle worker"), refusal(1, 20, "too large")});
    ASSERT_EQ(counts.size(), 1U);
    EXPECT_EQ(counts[0].reason, "too large");
    EXPECT_TRUE(count_refusals({}).empty());
}

}  // namespace
}  // namespace emeth::test
