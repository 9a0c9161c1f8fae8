// How much sooner a team is done, against cases that were worked out by hand.
#include "node/market/team_speed.hpp"

#include <gtest/gtest.h>

namespace emeth::test {
namespace {

using node::team_speed;
using node::team_training_s;
using node::TeamTraining;

/// The example of the header.
constexpr TeamTraining example{.alone_s = 8'000, .steps = 500, .helpers_join_after_s = 940, .weights = 1'000'000};

TEST(TeamSpeed, EachHelperAddsACarefulShare) {
    EXPECT_DOUBLE_EQ(team_speed(example, 1), 1);
    EXPECT_DOUBLE_EQ(team_speed(example, 2), 1.35);
    EXPECT_DOUBLE_EQ(team_speed(example, 3), 1.7);
}

/// 50,000 steps of 160 ms: two compute one in 80 ms and exchange 4 MB in 320 ms. At 500 ms they take 250 + 320 ms.
TEST(TeamSpeed, AStepThatTakesNoTimeGainsNothing) {
    TeamTraining quick = example;
    quick.steps = 50'000;
    EXPECT_DOUBLE_EQ(team_speed(quick, 2), 1);
    quick.steps = 16'000;
    EXPECT_DOUBLE_EQ(team_speed(quick, 2), 1);
}

/// Steps of 0.8 s: two take 0.4 + 0.32 s, which is 1.111 times as fast.
TEST(TeamSpeed, TheExchangeBoundsIt) {
    TeamTraining training = example;
    training.steps = 10'000;
    EXPECT_NEAR(team_speed(training, 2), 0.8 / 0.72, 1e-9);
}

/// Measured: 1.39 times, d512 of 29,500,000 weights at 353 tokens/s, over 100 Mbit/s.
TEST(TeamSpeed, IsNotAboveWhatWasMeasured) {
    const TeamTraining measured{.alone_s = 64 * 256 / 353.0, .steps = 1, .weights = 29'500'000};
    EXPECT_LE(team_speed(measured, 2), 1.39);
    EXPECT_GE(team_speed(measured, 2), 1.3);
}

TEST(TeamTraining, HelpersComeLater) {
    EXPECT_DOUBLE_EQ(team_training_s(example, 1), 8'000);
    EXPECT_DOUBLE_EQ(team_training_s(example, 3), 1'000 + 7'000 / 1.7);
    TeamTraining brief = example;
    brief.alone_s = 900;
    EXPECT_DOUBLE_EQ(team_training_s(brief, 3), 900) << "it is trained before anyone comes";
    EXPECT_DOUBLE_EQ(team_training_s(TeamTraining{}, 3), 0);
}

}  // namespace
}  // namespace emeth::test
