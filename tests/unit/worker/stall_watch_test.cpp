#include "worker/stall_watch.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace emeth::worker {
namespace {

using ::testing::HasSubstr;
using trainer_protocol::Progress;
using trainer_protocol::Started;

constexpr StallLimits limits{Milliseconds(1), Milliseconds(100), Milliseconds(50), Milliseconds(200)};

Progress stage(std::string name, std::uint64_t step = 0) {
    Progress progress;
    progress.stage = std::move(name);
    progress.step = step;
    return progress;
}

TEST(StallWatch, BeforeTrainingEveryWordCounts) {
    StallWatch watch(limits, Milliseconds(1'000));
    EXPECT_EQ(watch.remaining(Milliseconds(1'010)), Milliseconds(90));
    watch.saw(stage("tokenizer"), Milliseconds(1'090));
    EXPECT_EQ(watch.remaining(Milliseconds(1'090)), Milliseconds(100));
    EXPECT_EQ(watch.remaining(Milliseconds(1'500)), Milliseconds(0));
    EXPECT_THAT(watch.complaint(), HasSubstr("timeout_idle"));
    EXPECT_FALSE(watch.advanced());
}

TEST(StallWatch, WhileTrainingOnlyANewStepCounts) {
    StallWatch watch(limits, Milliseconds(0));
    watch.saw(Started{40}, Milliseconds(10));
    watch.saw(stage("training", 40), Milliseconds(30));
    EXPECT_EQ(watch.remaining(Milliseconds(30)), Milliseconds(30));
    EXPECT_FALSE(watch.advanced());
    watch.saw(stage("training", 41), Milliseconds(40));
    EXPECT_EQ(watch.remaining(Milliseconds(40)), Milliseconds(50));
    EXPECT_TRUE(watch.advanced());
    watch.saw(stage("training", 41), Milliseconds(80));
    EXPECT_EQ(watch.remaining(Milliseconds(90)), Milliseconds(0));
    EXPECT_THAT(watch.complaint(), HasSubstr("timeout_learning"));
}

TEST(StallWatch, ACheckpointOfANewStepCounts) {
    StallWatch watch(limits, Milliseconds(0));
    watch.saw(Started{0}, Milliseconds(0));
    trainer_protocol::CheckpointSaved saved;
    saved.checkpoint.step = 3;
    watch.saw(saved, Milliseconds(45));
    EXPECT_EQ(watch.remaining(Milliseconds(45)), Milliseconds(50));
}

TEST(StallWatch, AfterTheStepsEveryWordCountsAgain) {
    StallWatch watch(limits, Milliseconds(0));
    watch.saw(Started{0}, Milliseconds(0));
    watch.saw(stage("training", 10), Milliseconds(10));
    watch.saw(stage("validation", 10), Milliseconds(20));
    EXPECT_EQ(watch.remaining(Milliseconds(20)), Milliseconds(200));
    watch.saw(stage("artifact", 10), Milliseconds(120));
    EXPECT_EQ(watch.remaining(Milliseconds(120)), Milliseconds(200));
    EXPECT_THAT(watch.complaint(), HasSubstr("timeout_checkpoint"));
    watch.saw(stage("training", 10), Milliseconds(130));  // the next epoch begins
    EXPECT_EQ(watch.remaining(Milliseconds(130)), Milliseconds(50));
}

}  // namespace
}  // namespace emeth::worker
