// The chance of a JOB to be trained in time, worked out by hand.
#include "node/snapshot/chance.hpp"

#include <gmock/gmock.h>

namespace emeth::test {
namespace {

using node::chance_in_time;
using node::PaceSpread;
using ::testing::DoubleNear;
using ::testing::Optional;

/// So many stretches at 10 steps per second, by turns `deviation` faster and slower.
PaceSpread ten_per_second(double deviation, std::uint32_t stretches = 20) {
    PaceSpread pace;
    for (std::uint32_t i = 0; i < stretches; ++i) pace.add(i % 2 == 0 ? 10 - deviation : 10 + deviation);
    return pace;
}

TEST(ChanceInTime, IsHalfIfTheUsualSpeedIsJustEnough) {
    EXPECT_THAT(chance_in_time(1'000, 100, ten_per_second(1)), Optional(DoubleNear(0.5, 1e-6)));
}

TEST(ChanceInTime, GoesByTheMarginInDeviationsOfTheSpeed) {
    // 9 steps per second are enough, one deviation below the mean: Phi(1); 11, one above it: Phi(-1); 8: Phi(2).
    EXPECT_THAT(chance_in_time(900, 100, ten_per_second(1)), Optional(DoubleNear(0.8413, 1e-4)));
    EXPECT_THAT(chance_in_time(1'100, 100, ten_per_second(1)), Optional(DoubleNear(0.1587, 1e-4)));
    EXPECT_THAT(chance_in_time(800, 100, ten_per_second(1)), Optional(DoubleNear(0.9772, 1e-4)));
    EXPECT_THAT(chance_in_time(800, 100, ten_per_second(2)), Optional(DoubleNear(0.8413, 1e-4)))
        << "the same margin of a speed that varies twice as much";
}

TEST(ChanceInTime, NoSpeedIsTakenForSteadierThanAFiftieth) {
    EXPECT_THAT(chance_in_time(980, 100, ten_per_second(0)), Optional(DoubleNear(0.8413, 1e-4)));
}

TEST(ChanceInTime, IsNotGuessedWhereNothingWasSeen) {
    EXPECT_EQ(chance_in_time(1'000, 100, PaceSpread()), std::nullopt);
    EXPECT_EQ(chance_in_time(1'000, 100, ten_per_second(1, node::stretches_needed - 1)), std::nullopt);
    EXPECT_NE(chance_in_time(1'000, 100, ten_per_second(1, node::stretches_needed)), std::nullopt);
    EXPECT_EQ(chance_in_time(0, 100, ten_per_second(1)), std::nullopt) << "the rest has no steps";
    EXPECT_EQ(chance_in_time(1, 0, ten_per_second(1)), 0) << "the deadline has passed";
}

}  // namespace
}  // namespace emeth::test
