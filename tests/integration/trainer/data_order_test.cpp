// Which windows are trained when, and how many: a dataset's bytes bound the work of an epoch; each window at most once
// a round, no validation window, and a new order in each.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "crypto/sha256.hpp"
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

std::uint64_t trained_in_an_epoch(const Preset& preset, const Plan& plan) {
    return plan.steps_per_epoch * static_cast<std::uint64_t>(plan.sequences_per_step * preset.context);
}

/// The windows of each round, in order; `rounds` of them.
std::vector<std::vector<std::uint64_t>> windows_of_rounds(const Plan& plan) {
    const WindowOrder order(plan, job);
    std::vector<std::vector<std::uint64_t>> rounds;
    std::size_t trained = 0;  // in this epoch
    for (std::uint64_t step = 0; step < plan.steps_total; ++step) {
        if (step % plan.steps_per_epoch == 0) trained = 0;
        for (const std::uint64_t window : order.of_step(step)) {
            if (trained++ % plan.training_windows == 0) rounds.emplace_back();
            rounds.back().push_back(window);
        }
    }
    return rounds;
}

void expect_no_window_twice(const Plan& plan, const std::vector<std::uint64_t>& round) {
    const std::set<std::uint64_t> seen(round.begin(), round.end());
    EXPECT_EQ(seen.size(), round.size());
    EXPECT_LT(*seen.rbegin(), plan.windows);
    for (const std::uint64_t window : WindowOrder(plan, job).validation()) EXPECT_FALSE(seen.contains(window));
}

TEST(WindowOrder, AnEpochTrainsEachWindowAtMostOnceAndNoneOfValidation) {
    const Preset preset = *find_preset("nano");
    const Plan plan = *Plan::make(preset, {.bytes = 125'000, .tokens = 50'000}, 3);
    const std::vector<std::vector<std::uint64_t>> epochs = windows_of_rounds(plan);
    ASSERT_EQ(epochs.size(), 3u);
    for (const std::vector<std::uint64_t>& epoch : epochs) {
        expect_no_window_twice(plan, epoch);
        EXPECT_LT(plan.training_windows - epoch.size(), static_cast<std::size_t>(plan.sequences_per_step));
    }
    EXPECT_NE(epochs[0], epochs[1]);
    EXPECT_NE(WindowOrder(plan, other_job).of_step(0), WindowOrder(plan, job).of_step(0));
}

/// 200 KB in pieces of up to 64 bytes.
TEST(WindowOrder, ADenseDatasetGoesRoundInAnotherOrderEachTime) {
    const Preset preset = *find_preset("nano");
    const Plan plan = *Plan::make(preset, {.bytes = 200'141, .tokens = 4'148}, 3);
    EXPECT_FALSE(plan.epoch_is_one_round());
    const std::vector<std::vector<std::uint64_t>> rounds = windows_of_rounds(plan);
    ASSERT_EQ(rounds.size(), 3 * plan.rounds_per_epoch());
    ASSERT_GT(plan.rounds_per_epoch(), 8u);
    std::set<std::vector<std::uint64_t>> beginnings;
    for (std::size_t i = 0; i < rounds.size(); ++i) {
        SCOPED_TRACE(i);
        expect_no_window_twice(plan, rounds[i]);
        const bool ends_the_epoch = (i + 1) % plan.rounds_per_epoch() == 0;
        EXPECT_TRUE(ends_the_epoch || rounds[i].size() == plan.training_windows);
        const auto some = static_cast<std::ptrdiff_t>(std::min<std::size_t>(8, rounds[i].size()));
        EXPECT_TRUE(beginnings.emplace(rounds[i].begin(), rounds[i].begin() + some).second) << "an order twice";
    }
}

TEST(Plan, StepsOfAnEpoch) {
    const Preset preset = *find_preset("nano");
    EXPECT_FALSE(Plan::make(preset, {.bytes = 4'096, .tokens = 0}, 2));
    EXPECT_FALSE(Plan::make(preset, {.bytes = 4'096, .tokens = 128}, 2));
    const Plan smallest = *Plan::make(preset, {.bytes = 300, .tokens = 129}, 2);
    EXPECT_EQ(smallest.steps_total, 2u);
    const Plan large = *Plan::make(preset, {.bytes = 16'000'000, .tokens = 64 * 100'000 + 1}, 2);
    EXPECT_EQ(large.validation_windows, 64u);
    EXPECT_EQ(large.sequences_per_step, 16);
    EXPECT_EQ(large.steps_total, 2 * ((100'000u - 64) / 16));
}

/// Of ordinary text, and of what is repeated because there is too little of it. Made by the version before epochs had
/// bounds: JOBs have been trained by these plans.
TEST(Plan, OfOrdinaryTextIsAsItHasAlwaysBeen) {
    struct Known {
        std::string_view model;
        DatasetSize dataset;
        std::uint32_t epochs;
        std::int64_t sequences_per_step;
        std::uint64_t steps_per_epoch;
        std::uint32_t segments;
        std::string order;  ///< SHA-256 of the windows of all steps, a step a line
    };
    const std::vector<Known> all{
        {"nano", {50'000, 50'000}, 3, 16, 47, 32, "0x13796af0461cc8fd271b7efabaf5e1b6b15d14567ba4552485c8caa9d2361186"},
        {"nano",
         {125'000, 50'000},
         3,
         16,
         47,
         32,
         "0x13796af0461cc8fd271b7efabaf5e1b6b15d14567ba4552485c8caa9d2361186"},
        {"nano", {4'096, 2'113}, 2, 1, 32, 32, "0xeee65801e56688d1d190ce6970cbbdab296d0ef9a49155d03a271a4b0bc1c074"},
        {"nano", {8'000, 2'113}, 2, 1, 32, 32, "0xeee65801e56688d1d190ce6970cbbdab296d0ef9a49155d03a271a4b0bc1c074"},
        {"nano", {64'000, 26'000}, 2, 12, 32, 32, "0xea91d6f14e7af92f42e48f0b9e8b8c9532a1c1f4135d20af0770a278ca8bee39"},
        {"d256",
         {1'650'000, 300'000},
         2,
         64,
         35,
         32,
         "0x5c169355380d2f5c446b60b456b3b905bb6782368f670df5bb6dbc94e9e4d4a0"},
        {"gpt2",
         {16'500'000, 3'000'000},
         2,
         128,
         90,
         32,
         "0x24ec663e60de86dc16803fad4739779ad9302c108c4e9d4b507c448f82b0d8b2"},
        {"gpt2", {4'096, 8'449}, 5, 1, 32, 40, "0x4d694fc73c1b5e1487d3f09a9144ccc3074384631f931ee370ec76055a6aeb82"},
    };
    for (const Known& known : all) {
        SCOPED_TRACE(fmt::format("{} {} {}", known.model, known.dataset.bytes, known.dataset.tokens));
        const Plan plan = *Plan::make(*find_preset(known.model), known.dataset, known.epochs);
        EXPECT_TRUE(plan.epoch_is_one_round());
        EXPECT_EQ(plan.sequences_per_step, known.sequences_per_step);
        EXPECT_EQ(plan.steps_per_epoch, known.steps_per_epoch);
        EXPECT_EQ(plan.steps_total, known.epochs * known.steps_per_epoch);
        EXPECT_EQ(plan.segments, known.segments);
        const WindowOrder order(plan, job);
        std::string text;
        for (std::uint64_t step = 0; step < plan.steps_total; ++step)
            text += fmt::format("{} \n", fmt::join(order.of_step(step), " "));
        EXPECT_EQ(crypto::sha256(text).hex(), known.order);
    }
}

/// Gas is paid for bytes: the longest pieces have 64 of them.
TEST(Plan, AnEpochTrainsATokenForSixBytesAtLeast) {
    for (const char* model : {"nano", "d256", "gpt2"}) {
        const Preset preset = *find_preset(model);
        for (const std::uint64_t bytes : {20'000u, 40'000u, 200'141u, 1'000'001u, 50'000'000u})
            for (const std::uint64_t bytes_per_token : {64u, 16u, 7u, 6u, 5u}) {
                const DatasetSize dataset{bytes, std::max(bytes / bytes_per_token, Plan::tokens_min(preset))};
                SCOPED_TRACE(fmt::format("{}: {} tokens in {} bytes", model, dataset.tokens, bytes));
                const Plan plan = *Plan::make(preset, dataset, 2);
                const std::uint64_t step = trained_in_an_epoch(preset, plan) / plan.steps_per_epoch;
                EXPECT_GE(trained_in_an_epoch(preset, plan) * 6, bytes);
                EXPECT_LE(trained_in_an_epoch(preset, plan), std::max(dataset.tokens, bytes / 6 + 2 * step));
                EXPECT_LE(static_cast<std::uint64_t>(plan.sequences_per_step), plan.training_windows);
                EXPECT_EQ(plan.steps_total, 2 * plan.steps_per_epoch);
            }
    }
}

/// Nodes make room for as many, and verifiers believe no longer list of them.
TEST(Plan, ItsSegmentsAreAtMostThoseThatItsBytesCanHave) {
    for (const char* model : {"nano", "d256", "gpt2"}) {
        const Preset preset = *find_preset(model);
        for (const std::uint64_t bytes : {4'096u, 20'000u, 200'141u, 1'000'001u, 4'200'000u, 50'000'000u})
            for (const std::uint64_t tokens : {bytes / 64, bytes / 6, bytes / 2, bytes, 3 * bytes})
                for (const std::uint32_t epochs : {1u, 2u, 9u, 100u}) {
                    const DatasetSize dataset{bytes, std::max(tokens, Plan::tokens_min(preset))};
                    SCOPED_TRACE(fmt::format("{}: {} tokens in {} bytes, {} epochs", model, tokens, bytes, epochs));
                    const Plan plan = *Plan::make(preset, dataset, epochs);
                    EXPECT_LE(plan.segments, trainer_protocol::segment_count_max(preset, bytes, epochs));
                }
    }
}

/// A space that the tokenizer's sample does not have is three tokens: nodes count on at most one a byte.
TEST(Plan, AnEpochTrainsATokenAByteAtMost) {
    const Preset preset = *find_preset("nano");
    const Plan plan = *Plan::make(preset, {.bytes = 4'194'304, .tokens = 10'990'396}, 2);
    EXPECT_LE(trained_in_an_epoch(preset, plan), 4'194'304u);
    EXPECT_GT(trained_in_an_epoch(preset, plan), 4'190'000u);
    EXPECT_FALSE(plan.epoch_is_one_round());
    const std::vector<std::vector<std::uint64_t>> epochs = windows_of_rounds(plan);
    ASSERT_EQ(epochs.size(), 2u);
    for (const std::vector<std::uint64_t>& epoch : epochs) expect_no_window_twice(plan, epoch);
    EXPECT_NE(epochs[0], epochs[1]);
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

/// A run that went on from a checkpoint of another plan would be rejected.
TEST(Run, IsAnotherWhereAnEpochIsNotOneRound) {
    const Preset preset = *find_preset("nano");
    const trainer_protocol::JobSpec spec{job, "en", 2, "nano"};
    const auto run_of = [&](const DatasetSize& dataset) {
        return run_fingerprint(spec, Hash256{}, Hash256{}, *Plan::make(preset, dataset, 2));
    };
    const std::string text = fmt::format("run/1/{}/nano/2/{}/{}", job.hex(), Hash256{}.hex(), Hash256{}.hex());
    EXPECT_EQ(run_of({.bytes = 125'000, .tokens = 50'000}), crypto::sha256(text)) << "as it has always been";
    EXPECT_NE(run_of({.bytes = 1'250'000, .tokens = 50'000}), crypto::sha256(text));
    EXPECT_NE(run_of({.bytes = 25'000, .tokens = 50'000}), crypto::sha256(text));
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
