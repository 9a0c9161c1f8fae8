// Which windows are trained when: each window at most once per epoch, no validation window, and a new order in each.
#include <gtest/gtest.h>

#include <set>

#include "trainer/checkpoints/segment_states.hpp"
#include "trainer/data/plan.hpp"
#include "trainer/model/optimiser.hpp"
#include "trainer_protocol/segments.hpp"

namespace emeth::trainer {
namespace {

using trainer_protocol::find_preset;

const JobId job = *JobId::parse("0x00000000000000000000000000000001");
const JobId other_job = *JobId::parse("0x00000000000000000000000000000002");

TEST(Permutation, VisitsEveryValueOnce) {
    for (const std::uint64_t size : {1u, 2u, 3u, 7u, 64u, 65u, 1000u}) {
        const Permutation permutation(size, derive_seed(job, "order"), 3);
        std::set<std::uint64_t> seen;
        for (std::uint64_t i = 0; i < size; ++i) seen.insert(permutation(i));
        EXPECT_EQ(seen.size(), size);
        EXPECT_LT(*seen.rbegin(), size);
    }
}

TEST(WindowOrder, AnEpochTrainsEachWindowAtMostOnceAndNoneOfValidation) {
    const Preset preset = *find_preset("nano");
    const Plan plan = *Plan::make(preset, 50'000, 3);
    const WindowOrder order(plan, job);
    const std::vector<std::uint64_t> validation = order.validation();
    std::vector<std::vector<std::uint64_t>> epochs(3);
    for (std::uint64_t step = 0; step < plan.steps_total; ++step)
        for (const std::uint64_t window : order.of_step(step)) epochs[step / plan.steps_per_epoch].push_back(window);
    for (const std::vector<std::uint64_t>& epoch : epochs) {
        std::set<std::uint64_t> seen(epoch.begin(), epoch.end());
        EXPECT_EQ(seen.size(), epoch.size());
        EXPECT_LT(*seen.rbegin(), plan.windows);
        for (const std::uint64_t window : validation) EXPECT_FALSE(seen.contains(window));
        EXPECT_LT(plan.training_windows - epoch.size(), static_cast<std::size_t>(plan.sequences_per_step));
    }
    EXPECT_NE(epochs[0], epochs[1]);
    EXPECT_NE(WindowOrder(plan, other_job).of_step(0), order.of_step(0));
}

TEST(Plan, StepsOfAnEpoch) {
    const Preset preset = *find_preset("nano");
    EXPECT_FALSE(Plan::make(preset, 0, 2));
    EXPECT_FALSE(Plan::make(preset, 128, 2));
    const Plan smallest = *Plan::make(preset, 129, 2);
    EXPECT_EQ(smallest.steps_total, 2u);
    const Plan large = *Plan::make(preset, 64 * 100'000 + 1, 2);
    EXPECT_EQ(large.validation_windows, 256u);
    EXPECT_EQ(large.sequences_per_step, 16);
    EXPECT_EQ(large.steps_total, 2 * ((100'000u - 256) / 16));
}

TEST(LearningRate, WarmsUpAndFallsToItsFinalShare) {
    const Preset preset = *find_preset("nano");
    EXPECT_LT(learning_rate_at(preset, 0, 1000), preset.learning_rate / 10);
    EXPECT_DOUBLE_EQ(learning_rate_at(preset, 49, 1000), preset.learning_rate);
    EXPECT_NEAR(learning_rate_at(preset, 999, 1000), preset.learning_rate * optimiser_settings.final_share, 1e-12);
    EXPECT_GT(learning_rate_at(preset, 0, 1), 0);
}

TEST(SeededStream, IsTheSameOnEveryMachine) {
    SeededStream stream(derive_seed(job, "weights"));
    const std::uint64_t first = stream.next();
    SeededStream again(derive_seed(job, "weights"));
    EXPECT_EQ(first, again.next());
    for (int i = 0; i < 1000; ++i) {
        EXPECT_LT(stream.below(7), 7u);
        const double unit = stream.unit();
        EXPECT_TRUE(unit > 0 && unit <= 1);
    }
}

/// Nodes and verifiers compute the size of a model and of its states without building it.
TEST(SegmentStates, HaveTheSizeThatNodesAndVerifiersCountOn) {
    for (const Preset& preset : trainer_protocol::presets()) {
        const ParameterLayout layout(preset);
        EXPECT_EQ(preset.weight_count(), layout.count()) << preset.name;
        const Plan plan{.windows = 4,
                        .validation_windows = 1,
                        .training_windows = 3,
                        .sequences_per_step = 1,
                        .steps_per_epoch = 3,
                        .steps_total = 6,
                        .segments = 6};
        const SegmentStates states("/nowhere", Hash256{}, layout.count(), plan);
        EXPECT_EQ(preset.state_bytes(), states.content_bytes()) << preset.name;
    }
}

}  // namespace
}  // namespace emeth::trainer
