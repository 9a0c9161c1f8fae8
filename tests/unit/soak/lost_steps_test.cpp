// What a kill cost, judged by a history and the steps that were seen.
#include "soak/lost_steps.hpp"

#include <gtest/gtest.h>

namespace emeth::soak {
namespace {

namespace sm = statemachine;

class LostSteps : public ::testing::Test {
protected:
    void resumed(std::int64_t at, std::uint64_t step) {
        add(at, sm::TrainingResumed{1, step, "the trainer ended by signal 9 (SIGKILL)"});
    }
    void saved(std::int64_t at, std::uint64_t step) { add(at, sm::CheckpointSaved{1, {0, step, {}, 3}}); }
    void saw(std::int64_t at, std::uint64_t step) { seen_.push_back({at, step}); }
    [[nodiscard]] std::uint64_t lost() const { return steps_trained_twice(history_, seen_); }

    std::vector<storage::HistoryEntry> history_;

private:
    void add(std::int64_t at, sm::EventBody body) {
        history_.push_back({history_.size() + 1, {at, std::move(body)}, sm::State::training, sm::State::training, {}});
    }

    std::vector<SeenStep> seen_;
};

TEST_F(LostSteps, AnUninterruptedRunLosesNone) {
    resumed(10, 0);
    saw(20, 30);
    saved(25, 40);
    saw(30, 70);
    EXPECT_EQ(lost(), 0u);
}

TEST_F(LostSteps, AKillCostsWhatWasDoneAfterTheCheckpoint) {
    resumed(10, 0);
    saved(20, 40);
    saw(30, 55);
    resumed(40, 40);
    saw(50, 60);
    resumed(60, 40);
    EXPECT_EQ(lost(), 15u + 20u);
}

TEST_F(LostSteps, WithoutACheckpointEverythingIsLost) {
    resumed(10, 0);
    saw(30, 55);
    resumed(40, 0);
    EXPECT_EQ(lost(), 55u);
}

TEST_F(LostSteps, WhatIsSeenLaterBelongsToTheLaterTrainer) {
    resumed(10, 0);
    saved(20, 40);
    resumed(40, 40);
    saw(50, 60);
    EXPECT_EQ(lost(), 0u);
}

TEST_F(LostSteps, ARejectedReportIsNoTrainer) {
    resumed(10, 0);
    saw(30, 55);
    resumed(40, 0);
    history_.back().rejection = sm::Rejection{sm::RejectionKind::stale_lease, "lease 1 is not the current one"};
    EXPECT_EQ(lost(), 0u);
}

}  // namespace
}  // namespace emeth::soak
