// Young's and Daly's formula, and the history of runs that a folder keeps.
#include <gtest/gtest.h>

#include "support/temporary_folder.hpp"
#include "trainer/checkpoints/checkpoint_interval.hpp"

namespace emeth::trainer {
namespace {

using std::chrono::hours;

TEST(CheckpointInterval, IsYoungsAndDalysWithinItsBounds) {
    EXPECT_EQ(checkpoint_interval(Milliseconds(500), hours(24)).count(), 293'938);  // √(2 · 0.5 s · 86,400 s)
    EXPECT_EQ(checkpoint_interval(Milliseconds(0), hours(24)), checkpoint_interval_min);
    EXPECT_EQ(checkpoint_interval(Milliseconds(60'000), hours(24)), checkpoint_interval_max);
    EXPECT_EQ(checkpoint_interval(Milliseconds(20), Milliseconds(0)), checkpoint_interval_min);
}

/// Cost divided by interval: with a day between failures, checkpoints costing up to 6 s take less than 1% of the time.
TEST(CheckpointInterval, CostsLessThanAHundredth) {
    for (const int cost_ms : {1, 20, 300, 2'000, 5'999})
        EXPECT_LE(cost_ms, 0.01 * static_cast<double>(checkpoint_interval(Milliseconds(cost_ms), hours(24)).count()));
}

TEST(RunHistory, ADayUntilARestartWasSeenThenWhatWasSeen) {
    const test::TemporaryFolder folder;
    RunHistory first(folder.path());
    EXPECT_EQ(first.mean_time_between_failures(), hours(24));
    first.add_trained(Milliseconds(50'000));
    first.add_trained(Milliseconds(10'000));
    EXPECT_EQ(first.mean_time_between_failures(), hours(24));
    RunHistory second(folder.path());
    EXPECT_EQ(second.mean_time_between_failures(), Milliseconds(60'000));
    second.add_trained(Milliseconds(20'000));
    EXPECT_EQ(RunHistory(folder.path()).mean_time_between_failures(), Milliseconds(40'000));
}

TEST(RunHistory, ADamagedOneCountsAsNone) {
    for (const char* text : {"", "{", "{\"starts\": -1, \"trainedMs\": 3}", "{\"starts\": 5}", "[]"}) {
        const test::TemporaryFolder folder;
        test::write_text(folder / "runs.json", text);
        EXPECT_EQ(RunHistory(folder.path()).mean_time_between_failures(), hours(24)) << text;
    }
}

}  // namespace
}  // namespace emeth::trainer
