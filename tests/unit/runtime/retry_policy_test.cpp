#include "runtime/retry_policy.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "runtime/random.hpp"

namespace emeth {
namespace {

using namespace std::chrono_literals;

constexpr RetryPolicy policy{.first = 1000ms, .factor = 2, .max = 60'000ms, .jitter = 0.25};

TEST(Backoff, GrowsFromTheFirstWaitToTheLongest) {
    EXPECT_EQ(backoff(1, policy, 0), 1000ms);
    EXPECT_EQ(backoff(2, policy, 0), 2000ms);
    EXPECT_EQ(backoff(6, policy, 0), 32'000ms);
    EXPECT_EQ(backoff(7, policy, 0), 60'000ms);
    EXPECT_EQ(backoff(std::numeric_limits<std::uint32_t>::max(), policy, 0), 60'000ms);
}

TEST(Backoff, JitterTakesAwayItsShareAtMost) {
    EXPECT_EQ(backoff(1, policy, 0.5), 875ms);
    for (std::uint32_t attempt = 1; attempt < 100; ++attempt) {
        const Milliseconds longest = backoff(attempt, policy, 0);
        const Milliseconds wait = backoff(attempt, policy, system_random().unit());
        EXPECT_LE(wait, longest);
        EXPECT_GT(wait, longest * 3 / 4);
    }
}

TEST(Backoff, ZeroFirstWaitStaysZero) {
    constexpr RetryPolicy at_once{.first = 0ms, .factor = 2, .max = 10ms, .jitter = 0};
    EXPECT_EQ(backoff(1, at_once, 0), 0ms);
    EXPECT_EQ(backoff(5, at_once, 0), 0ms);
}

TEST(SystemRandom, UnitStaysInItsRange) {
    double least = 1, most = 0;
    for (int draw = 0; draw < 1000; ++draw) {
        const double value = system_random().unit();
        least = std::min(least, value);
        most = std::max(most, value);
    }
    EXPECT_GE(least, 0);
    EXPECT_LT(most, 1);
    EXPECT_LT(least, 0.1);  // fails by chance once in 10^45 runs
    EXPECT_GT(most, 0.9);
}

}  // namespace
}  // namespace emeth
