#include "soak/memory_growth.hpp"

#include <gtest/gtest.h>

namespace emeth::soak {
namespace {

constexpr std::uint64_t mib = 1 << 20;

/// One sample of `bytes(second)` per second.
template <class Bytes>
std::vector<MemorySample> life(std::int64_t seconds, Bytes bytes) {
    std::vector<MemorySample> samples;
    for (std::int64_t second = 0; second <= seconds; ++second)
        samples.push_back({Milliseconds(second * 1'000), static_cast<std::uint64_t>(bytes(second))});
    return samples;
}

TEST(MemoryGrowth, LoadingAtTheStartIsNone) {
    EXPECT_DOUBLE_EQ(growth_mib(life(100, [](std::int64_t second) { return second < 4 ? second * mib : 20 * mib; })),
                     0);
}

TEST(MemoryGrowth, ComparesFirstAndLastMinute) {
    const auto leaking = life(5 + 600, [](std::int64_t second) { return (100 + second) * mib; });
    EXPECT_NEAR(growth_mib(leaking), 540, 1);
}

TEST(MemoryGrowth, ComparesTheHalvesOfAShortLife) {
    const auto step = life(5 + 40, [](std::int64_t second) { return second <= 25 ? 10 * mib : 30 * mib; });
    EXPECT_NEAR(growth_mib(step), 19, 1.5);
}

TEST(MemoryGrowth, AShortestLifeSaysNothing) {
    EXPECT_DOUBLE_EQ(growth_mib({}), 0);
    EXPECT_DOUBLE_EQ(growth_mib(life(5, [](std::int64_t second) { return (second + 1) * mib; })), 0);
}

}  // namespace
}  // namespace emeth::soak
