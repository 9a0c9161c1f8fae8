// A disk that is busy with the segments' states keeps no checkpoint away.
#include "trainer/checkpoints/checkpoint_writer.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>

#include "support/temporary_folder.hpp"

namespace emeth::trainer {
namespace {

constexpr std::int64_t weight_count = 100'000;
constexpr Plan plan{.steps_per_epoch = 40, .steps_total = 80, .segments = 40};

struct CountsCheckpoints final : Reporter {
    void report(trainer_protocol::TrainerReport report) override {
        saved += std::holds_alternative<trainer_protocol::CheckpointSaved>(report) ? 1 : 0;
    }
    std::atomic<int> saved = 0;
};

TrainingState state_at(std::uint64_t step) {
    TrainingState state;
    state.weights = at::ones({weight_count});
    state.first_moments = at::zeros({weight_count});
    state.second_moments = at::zeros({weight_count});
    state.step = step;
    state.losses.assign(step, 5.0F);
    return state;
}

/// Each checkpoint falls due right after a state was handed over, while that is being written. It was skipped, and a
/// kill would have cost the run from its beginning.
TEST(CheckpointWriter, WhatFallsDueWhileAStateIsWrittenIsSavedWithTheNext) {
    const test::TemporaryFolder folder;
    CountsCheckpoints reporter;
    ComputeLog log(folder.path());
    const SegmentStates states(folder.path(), Hash256{}, weight_count, plan);
    {
        CheckpointWriter writer(CheckpointStore(folder.path(), Hash256{}, weight_count), states,
                                RunHistory(folder.path()), log, plan, reporter);
        for (std::uint64_t step = 0; step < 60; step += 2) {  // a segment has two steps
            ASSERT_TRUE(writer.step_begins(state_at(step)));
            ASSERT_TRUE(writer.checkpoint_due(state_at(step + 1)));
        }
        ASSERT_TRUE(writer.step_begins(state_at(60)));
    }
    EXPECT_EQ(reporter.saved, 30);
    EXPECT_TRUE(states.complete_before(61));
    CheckpointStore store(folder.path(), Hash256{}, weight_count);
    const auto newest = store.load_newest();
    ASSERT_TRUE(newest);
    EXPECT_GE(newest->step, 59U);
    store.discard();
    EXPECT_FALSE(store.load_newest());
}

}  // namespace
}  // namespace emeth::trainer
