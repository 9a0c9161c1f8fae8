#include "node/pipeline/lease_watch.hpp"

#include <gmock/gmock.h>

namespace emeth::node {
namespace {

namespace wp = worker_protocol;
using ::testing::HasSubstr;

constexpr Milliseconds minute{60'000};
constexpr std::int64_t hour_s = 3'600;

wp::CheckpointSaved checkpoint(std::uint64_t step) {
    wp::CheckpointSaved saved;
    saved.checkpoint.step = step;
    return saved;
}

/// Another worker needs 20 min, and there is a day.
constexpr FreshStart easy{1'200, 24 * hour_s, false};
/// It needs an hour.
constexpr FreshStart longer{hour_s, 24 * hour_s, false};

TEST(LeaseWatch, ProgressAloneKeepsNoLease) {
    LeaseWatch watch(Milliseconds(0));
    for (int time = 0; time < 45; ++time) {
        watch.saw(wp::Progress{.stage = "training", .step = 100U + time, .steps_total = 1'000}, time * minute);
        watch.saw(wp::TrainingStarted{0, "again"}, time * minute);
        EXPECT_EQ(watch.why_over(easy, time * minute), std::nullopt) << time;
    }
    EXPECT_THAT(watch.why_over(easy, 45 * minute).value_or(""), HasSubstr("neither dataset nor checkpoint for 45 min"));
}

TEST(LeaseWatch, DatasetAndNewCheckpointsKeepIt) {
    LeaseWatch watch(Milliseconds(0));
    watch.saw(wp::DatasetReady{}, 40 * minute);
    EXPECT_EQ(watch.why_over(longer, 80 * minute), std::nullopt);
    watch.saw(checkpoint(10), 80 * minute);
    EXPECT_EQ(watch.why_over(longer, 120 * minute), std::nullopt);
    watch.saw(wp::DatasetReady{}, 120 * minute);
    watch.saw(checkpoint(10), 120 * minute);
    watch.saw(checkpoint(9), 120 * minute);
    EXPECT_NE(watch.why_over(longer, 125 * minute), std::nullopt) << "the same again is no progress";
    watch.saw(checkpoint(11), 126 * minute);
    EXPECT_EQ(watch.why_over(longer, 170 * minute), std::nullopt);
}

TEST(LeaseWatch, ALongJobHasMoreTime) {
    LeaseWatch watch(Milliseconds(0));
    const FreshStart days{48 * hour_s, 100 * hour_s, false};
    EXPECT_EQ(watch.why_over(days, 23 * 60 * minute), std::nullopt);
    EXPECT_NE(watch.why_over(days, 24 * 60 * minute), std::nullopt);
}

TEST(LeaseWatch, NobodyGetsItWhoCouldNotFinish) {
    const LeaseWatch watch(Milliseconds(0));
    EXPECT_EQ(watch.why_over({2 * hour_s, 2 * hour_s, false}, 300 * minute), std::nullopt);
}

TEST(LeaseWatch, TheLastMomentIsNotMissed) {
    LeaseWatch watch(Milliseconds(0));
    const FreshStart tight{2 * hour_s, 2 * hour_s + 200, false};
    EXPECT_EQ(watch.why_over(tight, 14 * minute), std::nullopt);
    EXPECT_NE(watch.why_over(tight, 15 * minute), std::nullopt);
    EXPECT_EQ(watch.why_over({2 * hour_s, 3 * hour_s, false}, 15 * minute), std::nullopt) << "there is time";
    EXPECT_EQ(watch.why_over({2 * hour_s, 2 * hour_s + 200, true}, 15 * minute), std::nullopt)
        << "a checkpoint is not given up for that";
}

TEST(LeaseWatch, ALargeDatasetHasItsTime) {
    const LeaseWatch watch(Milliseconds(0));
    const FreshStart large{4 * hour_s, 4 * hour_s + 200, false, hour_s};
    EXPECT_EQ(watch.why_over(large, 119 * minute), std::nullopt) << "it is on its way";
    EXPECT_NE(watch.why_over(large, 120 * minute), std::nullopt);
}

TEST(LeaseWatch, StepsThatAreTrainedAgainCount) {
    LeaseWatch watch(Milliseconds(0));
    watch.saw(checkpoint(1'000), minute);
    watch.saw(wp::TrainingStarted{0, "both checkpoints are damaged"}, 2 * minute);
    watch.saw(checkpoint(10), 40 * minute);
    EXPECT_EQ(watch.why_over(longer, 80 * minute), std::nullopt);
}

TEST(LeaseWatch, CheckpointsForEverKeepNoLease) {
    LeaseWatch watch(Milliseconds(0));
    for (int time = 0; time < 240; ++time) {
        watch.saw(checkpoint(static_cast<std::uint64_t>(time)), time * minute);
        EXPECT_EQ(watch.why_over(longer, time * minute), std::nullopt) << time;
    }
    EXPECT_THAT(watch.why_over(longer, 240 * minute).value_or(""), HasSubstr("held it for 4 h 0 min and is not done"));
}

TEST(LeaseWatch, WhatIsTrainedMustBeUploaded) {
    LeaseWatch watch(Milliseconds(0));
    watch.saw(wp::Trained{}, 10 * minute);
    watch.saw(wp::Trained{}, 40 * minute);
    EXPECT_EQ(watch.why_over(easy, 54 * minute), std::nullopt);
    EXPECT_THAT(watch.why_over(easy, 55 * minute).value_or(""), HasSubstr("nothing of it for 45 min"));
    watch.saw_part("upload", 1, 55 * minute);
    watch.saw_part("upload", 1, 90 * minute);
    EXPECT_EQ(watch.why_over(easy, 99 * minute), std::nullopt) << "it has all the time that its parts take";
    EXPECT_NE(watch.why_over(easy, 100 * minute), std::nullopt) << "the same part again is no progress";
}

TEST(LeaseWatch, WhileTheMasterWaitsForAServerNobodyIsLate) {
    LeaseWatch watch(Milliseconds(0));
    watch.saw(wp::Trained{}, minute);
    watch.leave_out(100 * minute);
    EXPECT_EQ(watch.why_over(easy, 145 * minute), std::nullopt);
    EXPECT_NE(watch.why_over(easy, 146 * minute), std::nullopt);
}

TEST(LeaseWatch, TheOperatorSaysHowPatientItIs) {
    const LeaseWatch watch(Milliseconds(0), 12 * minute);
    EXPECT_EQ(watch.look_at(), 4 * minute);
    EXPECT_EQ(watch.why_over(easy, 11 * minute), std::nullopt);
    EXPECT_NE(watch.why_over(easy, 12 * minute), std::nullopt);
}

TEST(LeaseWatch, FailuresAreCountedElsewhere) {
    LeaseWatch watch(Milliseconds(0));
    watch.saw(wp::StepFailed{"download", false, "storage answered 503"}, 40 * minute);
    EXPECT_EQ(watch.why_over(longer, 80 * minute), std::nullopt);
}

/// They are counted nowhere, so that a worker that only claims them would keep the lease for ever.
TEST(LeaseWatch, FailuresOfTheServiceAreNoProgress) {
    LeaseWatch watch(Milliseconds(0));
    for (int time = 1; time <= 45; ++time)
        watch.saw(wp::StepFailed{.step = "download", .message = "503", .service_failed = true}, time * minute);
    EXPECT_NE(watch.why_over(easy, 45 * minute), std::nullopt);
}

TEST(LeaseWatch, ADoneHolderWaitsForTheStorageApiUntilAnotherCouldOnlyJustFinish) {
    LeaseWatch watch(Milliseconds(0));
    watch.saw(wp::Trained{}, minute);
    watch.saw(wp::StepFailed{.step = "upload", .message = "503", .service_failed = true}, 2 * minute);
    EXPECT_EQ(watch.why_over(easy, 300 * minute), std::nullopt);
    EXPECT_NE(watch.why_over({1'200, 1'400, true}, 300 * minute), std::nullopt);
    watch.saw_part("upload", 1, 300 * minute);
    EXPECT_NE(watch.why_over(easy, 345 * minute), std::nullopt) << "since then it has not even tried";
}

TEST(LeaseWatch, WordsKeepNoLeaseOnceTrained) {
    LeaseWatch watch(Milliseconds(0));
    watch.saw(wp::Trained{}, minute);
    for (int time = 2; time < 300; time += 10) {
        watch.saw(checkpoint(static_cast<std::uint64_t>(time)), time * minute);
        watch.saw(wp::PartUploaded{static_cast<std::uint32_t>(time), "etag"}, time * minute);
    }
    EXPECT_NE(watch.why_over(easy, 46 * minute), std::nullopt);
    for (int time = 50; time < 300; time += 10)
        watch.saw_part("upload", static_cast<std::uint32_t>(time), time * minute);
    EXPECT_EQ(watch.why_over(easy, 180 * minute), std::nullopt);
    EXPECT_NE(watch.why_over(easy, 181 * minute), std::nullopt) << "four times the patience is the longest upload";
}

TEST(LeaseWatch, KnowsHowFarTheLeaseHasGotAfterARestartOfTheMaster) {
    statemachine::Job job;
    job.lease = {3, {}, true};
    job.training.artifact.emplace();
    LeaseWatch watch(job, Milliseconds(0), LeaseWatch::patience_usual);
    watch.saw(wp::StepFailed{.step = "upload", .message = "503", .service_failed = true}, minute);
    EXPECT_EQ(watch.why_over(easy, 300 * minute), std::nullopt) << "the work is done";
    job.training.artifact.reset();
    job.training.checkpoint.emplace().step = 100;
    LeaseWatch training(job, Milliseconds(0), LeaseWatch::patience_usual);
    training.saw(checkpoint(100), 40 * minute);
    EXPECT_NE(training.why_over(easy, 45 * minute), std::nullopt) << "that one was on record";
}

}  // namespace
}  // namespace emeth::node
