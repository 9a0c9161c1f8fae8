// How much a forger can leave out of the training of a segment before the verifier's comparison sees it. Each row of
// the table that is printed is one way to save work, done in every segment. All rows: ./emeth test --label long.
#include <ATen/ATen.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <iostream>
#include <string_view>

#include "integration/trainer/dishonest_model.hpp"
#include "integration/trainer/dishonest_training.hpp"
#include "integration/trainer/forged_steps.hpp"
#include "integration/trainer/workshop.hpp"
#include "trainer/verification/segment_deviation.hpp"

namespace emeth::test {
namespace {

using namespace trainer;
using trainer_protocol::Deviation;

// ---- the zoo

/// What counts as saved are the multiplications left out; what fewer bits save is the machine's affair.
struct Cheat {
    std::string name;
    Forged step;  ///< called until the segment is done
    /// Of the segments, where the cheat pays. Less than all: a hole, which docs/VERIFICATION.md names.
    double caught_min = 1;
};

Names all_of_layer(int layer) {
    return [layer](std::string_view name) { return holds(name, fmt::format(".h.{}.", layer)); };
}
Names named(const std::string& part) {
    return [part](std::string_view name) { return holds(name, part); };
}
bool is_vector(std::string_view name) {
    return holds(name, "bias") || holds(name, "ln_");
}
bool is_mlp_matrix(std::string_view name) {
    return holds(name, "mlp") && !is_vector(name);
}
bool is_matrix_of_layers(std::string_view name) {
    return holds(name, ".h.") && !is_vector(name);
}
/// The token embedding's gradient comes from the head, too; it is left as it is.
bool is_below_layer_1(std::string_view name) {
    return holds(name, ".h.0.") || holds(name, "wpe");
}

const std::vector<Cheat> cheats{
    {"nothing left out", honest_step},
    {"nothing left out, by libtorch's autograd", by_autograd()},
    {"1/16 of the sequences left out", leave_out(1.0 / 16)},
    {"1/16 left out in one step of the segment", once(leave_out(1.0 / 16))},
    {"1/16 left out in every second step", every_second(leave_out(1.0 / 16))},
    {"2/16 left out", leave_out(2.0 / 16)},
    {"4/16 left out", leave_out(4.0 / 16)},
    {"8/16 left out", leave_out(8.0 / 16)},
    {"15/16 left out", leave_out(15.0 / 16)},
    {"1/16 counted twice instead of others", replace_by_others(1.0 / 16)},
    {"4/16 counted twice instead of others", replace_by_others(4.0 / 16)},
    {"1/16 filled up with momentum", fill_up_with_momentum(1.0 / 16)},
    {"2/16 filled up with momentum", fill_up_with_momentum(2.0 / 16)},
    {"1/16 without backward, true losses", leave_out_backward(1.0 / 16)},
    {"2/16 without backward, true losses", leave_out_backward(2.0 / 16)},
    {"the easiest 1/16 without backward", leave_out_backward_of_the_easiest(1.0 / 16)},
    {"the easiest 2/16 without backward", leave_out_backward_of_the_easiest(2.0 / 16)},
    {"the easiest 10% of the tokens without backward", without_easiest_tokens(0.1)},
    {"the easiest 20% of the tokens without backward", without_easiest_tokens(0.2)},
    {"the easiest 50% of the tokens without backward", without_easiest_tokens(0.5)},
    {"the head without backward for the easiest 20% of the tokens", without_losses_of_easiest_tokens(0.2), 0.5},
    {"the head without backward for the easiest 50% of the tokens", without_losses_of_easiest_tokens(0.5)},
    {"the first 15/16 of each window", first_positions(15.0 / 16)},
    {"the first 3/4 of each window", first_positions(3.0 / 4)},
    {"the first half of each window", first_positions(1.0 / 2)},
    {"windows cut in two", windows_cut_in_two},
    {"the same gradient again, in every second step", every_second(same_gradient_again)},
    {"the same gradient again, in one step", once(same_gradient_again)},
    {"momentum for a gradient, in one step", once(momentum_for_a_gradient)},
    {"a gradient of the layers' matrices again, every second step",
     stale(is_matrix_of_layers, [](const Work& work) { return 2 * work.layer_products; })},
    {"a gradient of the MLPs' matrices again, every second step",
     stale(is_mlp_matrix, [](const Work& work) { return 2 * work.mlp_products; })},
    {"MLPs' gradients from half of the sequences",
     thinned(is_mlp_matrix, 0.5, [](const Work& work) { return 2 * work.mlp_products; })},
    {"MLPs' gradients from 3/4 of the sequences",
     thinned(is_mlp_matrix, 0.75, [](const Work& work) { return 2 * work.mlp_products; })},
    {"the head without tokens absent from the step", head_without_absent_tokens},
    {"layer 0 frozen", frozen(all_of_layer(0), [](const Work& work) { return work.layer_products; })},
    {"layer 1 frozen", frozen(all_of_layer(1), [](const Work& work) { return work.layer_products; })},
    {"no backward below layer 1", frozen(is_below_layer_1, [](const Work& work) { return 2 * work.layer; })},
    {"token embedding frozen", frozen(named("wte"), [](const Work& work) { return work.head; })},
    {"positions frozen", frozen(named("wpe"), [](const Work&) { return 0.0; })},
    {"one matrix frozen (h.1.mlp.c_fc)",
     frozen(named("h.1.mlp.c_fc.weight"), [](const Work& work) { return work.mlp_products / 2; })},
    {"no backward of the attention",
     frozen(named("c_attn"), [](const Work& work) { return 4 * work.attention_in + 4 * work.attending; })},
    {"norms and biases frozen", frozen(is_vector, [](const Work&) { return 0.0; })},
    {"gradients in fp16 (10 bits)", coarse_gradients(mantissa(10))},
    {"gradients in bf16 (7 bits)", coarse_gradients(mantissa(7))},
    {"gradients in fp8 (3 bits)", coarse_gradients(mantissa(3))},
    {"gradients in int8, a scale each parameter", coarse_gradients(in_each(rounded_int8))},
    {"gradients' signs only", coarse_gradients(in_each(only_signs))},
    {"the largest half of the gradients",
     coarse_gradients(in_each([](const at::Tensor& values) { return only_largest(values, 0.5); }))},
    {"the largest 10% of the gradients",
     coarse_gradients(in_each([](const at::Tensor& values) { return only_largest(values, 0.1); }))},
    {"weights in fp16 (10 bits) in all products", coarse_weights(mantissa(10))},
    {"weights in bf16 (7 bits) in all products", coarse_weights(mantissa(7))},
    {"weights in fp8 (3 bits) in all products", coarse_weights(mantissa(3))},
    {"weights in int8 in all products", coarse_weights(in_each(rounded_int8))},
    {"all operands in fp16", coarse_products([](const at::Tensor& all) { return rounded_mantissa(all, 10); })},
    {"all operands in fp8", coarse_products([](const at::Tensor& all) { return rounded_mantissa(all, 3); })},
    {"all operands in int8", coarse_products(rounded_int8)},
    {"bf16, claimed to be float32", in_bf16},
    {"learning rate x 0.9", learning_rate(0.9)},
    {"learning rate x 0.99", learning_rate(0.99)},
    {"learning rate x 1.1", learning_rate(1.1)},
    {"no weight decay", without_decay},
    {"no clipping", without_clipping},
    {"one step skipped", once(skip_a_step)},
    {"half of the steps, of double size", larger_steps},
    {"interpolated between states two segments apart", interpolate},
    {"extrapolated from the segment before", extrapolate},
    {"nothing trained", nothing_trained},
};

const std::vector<Cheat> wide_cheats{
    {"nothing left out", honest_step},
    {"1/64 of the sequences left out", leave_out(1.0 / 64)},
    {"4/64 left out", leave_out(4.0 / 64)},
    {"the easiest 10% of the tokens without backward", without_easiest_tokens(0.1)},
    {"MLPs' gradients from 3/4 of the sequences",
     thinned(is_mlp_matrix, 0.75, [](const Work& work) { return 4 * work.mlp_products; })},
};

// ---- what becomes of them

/// Where the work that a cheat saves is at least this part of it, it is to be caught in every segment.
constexpr double saved_min = 0.05;

/// The largest of what the states deviate by.
double largest(const Deviation& found) {
    return std::max({found.weights, found.first_moments, found.second_moments, found.next_step});
}

struct Score {
    double saved = 0;
    std::vector<double> states, losses;
    int caught = 0;

    void add(double part_saved, const Deviation& found, bool objected) {
        saved += part_saved;
        states.push_back(largest(found));
        losses.push_back(found.loss);
        caught += objected ? 1 : 0;
    }
    [[nodiscard]] double count() const { return static_cast<double>(states.size()); }
};

double percentile(std::vector<double> values, double share) {
    std::ranges::sort(values);
    return values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1))];
}

void print_head() {
    std::cout << fmt::format("{:62} {:>6} {:>4} {:>7} | {:>8} {:>8} {:>8} | {:>8} {:>8}\n", "cheat", "saved", "n",
                             "caught", "min", "1%", "median", "loss min", "loss 1%");
}
void print(const std::string& name, const Score& score) {
    std::cout << fmt::format("{:62} {:5.1f}% {:4} {:6.1f}% | {:8.2g} {:8.2g} {:8.2g} | {:8.2g} {:8.2g}\n", name,
                             100 * score.saved / score.count(), score.states.size(), 100 * score.caught / score.count(),
                             percentile(score.states, 0), percentile(score.states, 0.01), percentile(score.states, 0.5),
                             percentile(score.losses, 0), percentile(score.losses, 0.01))
              << std::flush;
}

std::vector<Score> scores_of(const std::vector<RunChoice>& choices, const std::vector<Cheat>& zoo) {
    std::vector<Score> scores(zoo.size());
    for (const RunChoice& choice : choices) {
        const HonestRun run(choice);
        for (std::size_t i = 0; i < zoo.size(); ++i) {
            for (const std::uint32_t segment : run.segments()) {
                DishonestSegment forged(run, segment);
                while (!forged.done()) zoo[i].step(forged);
                const Deviation found = run.deviation(segment, forged.state);
                scores[i].add(forged.saved(), found, run.objected_to(segment, found));
            }
        }
    }
    return scores;
}

TEST(Zoo, TheHonestLoopIsTheProgramsOwn) {
    const HonestRun run({.text = english_text(20'000), .every_segment = 16});
    for (const std::uint32_t segment : run.segments()) {
        const Deviation found = run.deviation(segment, run.trained_again(segment));
        EXPECT_EQ(found.weights + found.next_step + found.loss, 0);
        DishonestSegment honest(run, segment);
        while (!honest.done()) honest_step(honest);
        EXPECT_EQ(run.deviation(segment, honest.state).weights, 0);
    }
}

void judge(const std::vector<RunChoice>& choices, const std::vector<Cheat>& zoo) {
    const std::vector<Score> scores = scores_of(choices, zoo);
    print_head();
    for (std::size_t i = 0; i < zoo.size(); ++i) {
        const Score& score = scores[i];
        print(zoo[i].name, score);
        const bool pays = score.saved / score.count() >= saved_min;
        EXPECT_TRUE(!pays || score.caught >= zoo[i].caught_min * score.count()) << zoo[i].name;
    }
    EXPECT_EQ(percentile(scores.front().states, 1), 0) << "honest work";
}

TEST(Zoo, OfASmallModel) {
    const std::size_t runs = full_trials() ? 4 : 1;
    std::vector<RunChoice> choices;
    for (std::size_t run = 0; run < runs; ++run)
        choices.push_back({.text = english_text(115'000, 6'000 * run),
                           .epochs = 3,
                           .job = static_cast<std::uint8_t>(run + 1),
                           .every_segment = full_trials() ? 1U : 8U});
    judge(choices, cheats);
}

/// Its text is known by heart in the end: many gradients are almost 0 then.
TEST(Zoo, OfAModelThatKnowsItsTextByHeart) {
    judge({{.text = english_text(20'000), .epochs = 60, .every_segment = full_trials() ? 4U : 80U}}, cheats);
}

/// Of 64 sequences in a step.
TEST(Zoo, OfAWiderModel) {
    if (!full_trials()) GTEST_SKIP() << "takes long: ./emeth test --label long";
    std::string text;
    for (std::size_t part = 0; part < 8; ++part) text += english_text(130'000 - 1'000 * part, 1'000 * part);
    std::vector<RunChoice> choices;
    for (std::uint8_t job = 1; job <= 4; ++job)
        choices.push_back({.preset = "d256", .text = text, .epochs = 2, .job = job, .precision = Precision::bf16});
    judge(choices, wide_cheats);
}

}  // namespace
}  // namespace emeth::test
