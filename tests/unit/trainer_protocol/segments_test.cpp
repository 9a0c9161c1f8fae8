// How a run is cut, and which segments are drawn: the same in every program of the network, now and later.
#include "trainer_protocol/segments.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <set>

namespace emeth::trainer_protocol {
namespace {

using Numbers = std::vector<std::uint32_t>;

const JobId job = *JobId::parse("0x5e1f00112233445566778899aabbccdd");

Hash256 block(std::uint64_t number) {
    Hash256 hash;
    for (std::size_t i = 0; i < 8; ++i) hash.bytes[31 - i] = static_cast<std::uint8_t>(number >> 8 * i);
    return hash;
}

constexpr std::uint64_t endless = std::numeric_limits<std::uint64_t>::max();

TEST(Segments, AreThirtyTwoOrEightAnEpochAndNoMoreThanSteps) {
    EXPECT_EQ(segment_count("nano", 256, 1), 32U);
    EXPECT_EQ(segment_count("nano", 256, 4), 32U);
    EXPECT_EQ(segment_count("nano", 256, 5), 40U);
    EXPECT_EQ(segment_count("nano", 20, 2), 20U);
    EXPECT_EQ(segment_count("nano", 1, 1), 1U);
}

TEST(Segments, OfNanoAreUpToAHundredAndTwentyEightWhereEachHasEightSteps) {
    EXPECT_EQ(segment_count("nano", 263, 2), 32U);
    EXPECT_EQ(segment_count("nano", 264, 2), 33U);
    EXPECT_EQ(segment_count("nano", 1'023, 2), 127U);
    for (const std::uint64_t steps : {1'024U, 4'096U}) EXPECT_EQ(segment_count("nano", steps, 2), 128U) << steps;
    EXPECT_EQ(segment_count("nano", 264, 9), 72U);
}

/// Those of gpt2 take 1.5 GB each.
TEST(Segments, OfLargeModelsAreThirtyTwo) {
    for (const char* model : {"d256", "d512", "gpt2", "unheard-of"}) EXPECT_EQ(segment_count(model, 1'000, 2), 32U);
}

TEST(Segments, AreNoLongerThanThirtyTwoSteps) {
    EXPECT_EQ(segment_count("gpt2", 1'024, 2), 32U);
    EXPECT_EQ(segment_count("gpt2", 1'025, 2), 33U);
    EXPECT_EQ(segment_count("nano", 4'097, 2), 129U);
    EXPECT_EQ(segment_count("nano", 78'000, 2), 2'438U);
    EXPECT_EQ(segment_count("nano", 2'097'152, 2), 65'536U);
    EXPECT_EQ(segment_count("nano", endless, 1'000), 65'536U) << "of a run that is longer than any that is paid for";
    for (const std::uint64_t steps : {4'097U, 78'000U, 2'097'151U}) {
        const std::uint32_t segments = segment_count("nano", steps, 2);
        for (const std::uint32_t index : {0U, 1U, segments / 2, segments - 1})
            EXPECT_LE(step_of_state(index + 1, segments, steps) - step_of_state(index, segments, steps), 32U);
    }
}

TEST(Segments, OfSoManyBytesAreAtMostThoseOfATokenAByte) {
    const Preset nano = *find_preset("nano");
    EXPECT_EQ(segment_count_max(nano, 4'096, 2), 32U);
    EXPECT_EQ(segment_count_max(nano, 4'096, 100), 800U);
    EXPECT_EQ(segment_count_max(nano, 1 << 17, 2), 32U);
    EXPECT_EQ(segment_count_max(nano, 1 << 19, 2), 128U);
    EXPECT_EQ(segment_count_max(nano, 1 << 20, 2), 128U);
    EXPECT_EQ(segment_count_max(nano, 100'000'000, 2), 6'104U);
    EXPECT_EQ(segment_count_max(*find_preset("gpt2"), 100'000'000, 2), 191U);
    EXPECT_EQ(segment_count_max(nano, endless, 1'000), 65'536U);
}

TEST(Segments, ShareAllStepsAsEvenlyAsCanBe) {
    for (const std::uint64_t steps : {std::uint64_t{32}, std::uint64_t{68}, std::uint64_t{1'000'003}}) {
        std::uint64_t before = step_of_state(0, 32, steps);
        EXPECT_EQ(before, 0U);
        for (std::uint32_t index = 1; index <= 32; ++index) {
            const std::uint64_t step = step_of_state(index, 32, steps);
            EXPECT_EQ(step, steps * index / 32);
            EXPECT_TRUE(step - before == steps / 32 || step - before == steps / 32 + 1) << index;
            before = step;
        }
        EXPECT_EQ(before, steps);
    }
    EXPECT_EQ(step_of_state(8'000, 8'000, std::uint64_t{1} << 53), std::uint64_t{1} << 53) << "without an overflow";
}

/// Computed by another program (python3 hashlib) from the rule in segments.hpp.
TEST(Draw, IsWhatTheRuleSays) {
    EXPECT_EQ(draw_segments(job, block(1), 32, 2), (Numbers{0, 4, 31}));
    EXPECT_EQ(draw_segments(job, block(2), 32, 2), (Numbers{0, 11, 21}));
    EXPECT_EQ(draw_segments(job, block(3), 40, 5), (Numbers{0, 6, 10, 27, 32, 34}));
}

TEST(Draw, TakesTheFirstAndSoManyOthersOrAllThereAre) {
    for (std::uint64_t number = 0; number < 500; ++number) {
        const Numbers drawn = draw_segments(job, block(number), 32, 2);
        EXPECT_EQ(drawn.size(), 3U);
        EXPECT_EQ(drawn.front(), 0U);
        EXPECT_TRUE(std::ranges::is_sorted(drawn));
        EXPECT_EQ(std::set(drawn.begin(), drawn.end()).size(), drawn.size());
        EXPECT_LT(drawn.back(), 32U);
    }
    EXPECT_EQ(draw_segments(job, block(7), 3, 2), (Numbers{0, 1, 2}));
    EXPECT_EQ(draw_segments(job, block(7), 2, 64), (Numbers{0, 1}));
    EXPECT_EQ(draw_segments(job, block(7), 1, 2), (Numbers{0}));
}

TEST(Draw, HangsOnJobAndBlock) {
    JobId other = job;
    other.bytes[0] ^= 1;
    int differ = 0;
    for (std::uint64_t number = 0; number < 50; ++number) {
        const Numbers drawn = draw_segments(job, block(number), 1'000, 2);
        differ += drawn != draw_segments(other, block(number), 1'000, 2) ? 1 : 0;
        differ += drawn != draw_segments(job, block(number + 1), 1'000, 2) ? 1 : 0;
    }
    EXPECT_EQ(differ, 100);
}

/// Every segment but the first is as likely as every other: chi squared over 30 degrees of freedom stays below what
/// one in a million fair draws exceeds.
TEST(Draw, FavoursNoSegment) {
    constexpr int rounds = 20'000;
    std::vector<int> counts(32);
    for (std::uint64_t number = 0; number < rounds; ++number)
        for (const std::uint32_t segment : draw_segments(job, block(number), 32, 2)) ++counts[segment];
    EXPECT_EQ(counts[0], rounds);
    const double expected = 2.0 * rounds / 31;
    const double chi_squared = std::accumulate(counts.begin() + 1, counts.end(), 0.0, [&](double sum, int count) {
        return sum + (count - expected) * (count - expected) / expected;
    });
    EXPECT_LT(chi_squared, 85);
    EXPECT_GT(chi_squared, 5) << "too even for chance";
}

TEST(Evidence, HoldsWhereEachDrawnSegmentBeginsAndEndsButNotTheLastState) {
    EXPECT_EQ(states_to_show({0, 7, 19}, 32), (Numbers{0, 1, 7, 8, 19, 20}));
    EXPECT_EQ(states_to_show({0, 1, 31}, 32), (Numbers{0, 1, 2, 31}));
    EXPECT_EQ(states_to_show({0}, 1), (Numbers{0}));
}

TEST(Evidence, OfAnUnknownModelTakesNoDisk) {
    EXPECT_FALSE(state_bytes("gpt5").has_value());
    EXPECT_EQ(states_bytes("gpt5", 32, 2), 0U);
    EXPECT_EQ(room_needed("gpt5", 2, 4'096, 2).states_bytes, 0U);
}

TEST(Evidence, TakesRoomBesidesTheStatesOfTheRun) {
    EXPECT_EQ(states_bytes("nano", 32, 2), *state_bytes("nano") * (32 + 6));
    EXPECT_EQ(states_bytes("nano", 4, 2), *state_bytes("nano") * (4 + 4));
    const RoomNeeded room = room_needed("nano", 2, 100'000'000, 2);
    EXPECT_EQ(room.states_bytes, *state_bytes("nano") * (6'104 + 6));
    EXPECT_EQ(room.disk_bytes, room.states_bytes + 700'000'000)
        << "the dataset, and three tokens of 2 bytes for each byte";
}

}  // namespace
}  // namespace emeth::trainer_protocol
