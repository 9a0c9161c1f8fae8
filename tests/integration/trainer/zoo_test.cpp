// How much a forger can leave out of the training of a segment before the verifier's comparison sees it. Each row of
// the table that is printed is one way to save work, done in every segment. All rows: ./emeth test --label long.
#include <ATen/ATen.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <string_view>

#include "integration/trainer/dishonest_model.hpp"
#include "integration/trainer/dishonest_training.hpp"
#include "integration/trainer/workshop.hpp"
#include "trainer/model/evaluation.hpp"
#include "trainer/model/optimiser.hpp"
#include "trainer/verification/segment_deviation.hpp"

namespace emeth::test {
namespace {

using namespace trainer;
using trainer_protocol::Deviation;
using Windows = std::vector<std::uint64_t>;

bool full_trials() {
    return std::getenv("EMETH_TRIALS") != nullptr && std::string_view(std::getenv("EMETH_TRIALS")) == "full";
}

// ---- how work is shared between the parts of a step

/// Parts of a step's multiplications.
struct Work {
    explicit Work(const Preset& preset) {
        const auto d = static_cast<double>(preset.width);
        const double attention = d * static_cast<double>(preset.context);  // causal
        const double layer_all = 12 * d * d + attention;
        const double head_all = d * static_cast<double>(preset.vocabulary);
        const double all = 3 * (layer_all * static_cast<double>(preset.layers) + head_all);
        forward = 1.0 / 3;
        layer = layer_all / all;
        layer_products = 12 * d * d / all;
        mlp_products = 8 * d * d / all;
        attention_in = 3 * d * d / all;
        attending = attention / all;
        head = head_all / all;
    }
    double forward;         ///< of all layers and the head
    double layer;           ///< forward of one layer; its backward is twice that
    double layer_products;  ///< its weights' gradient
    double mlp_products, attention_in, attending;
    double head;
};

// ---- what a forger does to a step

double count_of(const Windows& windows) {
    return static_cast<double>(windows.size());
}

/// At least one; `share` of all.
std::size_t part_of(const Windows& windows, double share) {
    return std::max<std::size_t>(1, static_cast<std::size_t>(std::lround(share * count_of(windows))));
}

Windows without_last(Windows windows, std::size_t count) {
    windows.resize(std::max<std::size_t>(1, windows.size() - count));
    return windows;
}

using Forged = std::function<void(DishonestSegment&)>;

void honest_step(DishonestSegment& segment) {
    segment.update(segment.gradient(segment.windows()));
}

bool in_the_middle(const DishonestSegment& segment) {
    return segment.steps_done() == segment.steps() / 2;
}

/// Honest, but for the step in the middle.
Forged once(const Forged& forged) {
    return [forged](DishonestSegment& segment) { in_the_middle(segment) ? forged(segment) : honest_step(segment); };
}

/// Honest in the first step of a segment, the third, …
Forged every_second(const Forged& forged) {
    return
        [forged](DishonestSegment& segment) { segment.steps_done() % 2 == 1 ? forged(segment) : honest_step(segment); };
}

Forged leave_out(double share) {
    return [share](DishonestSegment& segment) {
        const Windows all = segment.windows(), some = without_last(all, part_of(all, share));
        segment.saves(1 - count_of(some) / count_of(all));
        segment.update(segment.gradient(some));
    };
}

Forged replace_by_others(double share) {
    return [share](DishonestSegment& segment) {
        const Windows all = segment.windows();
        Windows some = without_last(all, part_of(all, share));
        segment.saves(1 - count_of(some) / count_of(all));
        for (std::size_t i = 0; some.size() < all.size(); ++i) some.push_back(some[i]);
        segment.update(segment.gradient(some));
    };
}

/// The losses are computed for all.
Forged leave_out_backward(double share) {
    return [share](DishonestSegment& segment) {
        const Windows all = segment.windows(), some = without_last(all, part_of(all, share));
        segment.saves((1 - count_of(some) / count_of(all)) * 2 / 3);
        segment.update({segment.gradient(some).values, segment.loss(all)});
    };
}

/// Those with the least losses.
Forged leave_out_backward_of_the_easiest(double share) {
    return [share](DishonestSegment& segment) {
        const Windows all = segment.windows();
        std::vector<std::pair<double, std::uint64_t>> by_loss;
        for (const std::uint64_t window : all) by_loss.emplace_back(-segment.loss({window}), window);
        std::ranges::sort(by_loss);
        Windows some;
        for (const auto& [loss, window] : by_loss) some.push_back(window);
        some = without_last(some, part_of(all, share));
        segment.saves((1 - count_of(some) / count_of(all)) * 2 / 3);
        Gradient gradient = segment.gradient(some);
        gradient.values *= count_of(some) / count_of(all);  // as if that of the others were 0, which it almost is
        segment.update({gradient.values, segment.loss(all)});
    };
}

/// What was left out is taken to be like what came before.
Forged fill_up_with_momentum(double share) {
    return [share](DishonestSegment& segment) {
        const Windows all = segment.windows(), some = without_last(all, part_of(all, share));
        const double computed = count_of(some) / count_of(all);
        segment.saves(1 - computed);
        Gradient gradient = segment.gradient(some);
        gradient.values = computed * gradient.values + (1 - computed) * segment.state.first_moments;
        segment.update(gradient);
    };
}

Forged first_positions(double share) {
    return [share](DishonestSegment& segment) {
        const std::int64_t all = segment.run().preset.context;
        const auto some = static_cast<std::int64_t>(std::lround(share * static_cast<double>(all)));
        segment.saves(1 - static_cast<double>(some) / static_cast<double>(all));
        segment.update(segment.gradient_with(segment.state.weights, Precision::float32, some, segment.windows()));
    };
}

void windows_cut_in_two(DishonestSegment& segment) {
    const Work work(segment.run().preset);
    segment.saves(3 * work.attending * static_cast<double>(segment.run().preset.layers) / 2);
    segment.update(segment.gradient_of_halves(segment.windows()));
}

void same_gradient_again(DishonestSegment& segment) {
    if (!segment.previous) return honest_step(segment);
    segment.saves(1);
    segment.update(*segment.previous);
}

void momentum_for_a_gradient(DishonestSegment& segment) {
    segment.saves(1);
    const double loss = segment.previous ? segment.previous->loss : segment.loss(segment.windows());
    segment.update({segment.state.first_moments.clone(), loss});
}

using Names = std::function<bool(std::string_view)>;

bool holds(std::string_view name, std::string_view part) {
    return name.find(part) != std::string_view::npos;
}

/// Copies the parameters that are meant from one gradient to another.
void take_over(const DishonestSegment& segment, const Names& meant, const at::Tensor& from, const at::Tensor& to) {
    for (const Parameter& parameter : segment.run().layout.parameters()) {
        if (!meant(parameter.name)) continue;
        to.narrow(0, parameter.offset, parameter.count).copy_(from.narrow(0, parameter.offset, parameter.count));
    }
}

/// As if they had no gradient. `saved` of a step.
Forged frozen(const Names& meant, const std::function<double(const Work&)>& saved) {
    return [=](DishonestSegment& segment) {
        const Gradient gradient = segment.gradient(segment.windows());
        take_over(segment, meant, at::zeros_like(gradient.values), gradient.values);
        segment.saves(saved(Work(segment.run().preset)));
        segment.update(gradient);
    };
}

/// The gradient of some parameters is that of the step before, in every second step.
Forged stale(const Names& meant, const std::function<double(const Work&)>& saved) {
    return every_second([=](DishonestSegment& segment) {
        const Gradient gradient = segment.gradient(segment.windows());
        take_over(segment, meant, segment.previous->values, gradient.values);
        segment.saves(saved(Work(segment.run().preset)));
        segment.update(gradient);
    });
}

/// The gradient of some parameters is computed from a share of the sequences.
Forged thinned(const Names& meant, double share, const std::function<double(const Work&)>& saved) {
    return [=](DishonestSegment& segment) {
        const Windows all = segment.windows(), some = without_last(all, part_of(all, 1 - share));
        const Gradient gradient = segment.gradient(all);
        take_over(segment, meant, segment.gradient(some).values, gradient.values);
        segment.saves(saved(Work(segment.run().preset)) * (1 - count_of(some) / count_of(all)));
        segment.update(gradient);
    };
}

/// The output head does without the tokens that are not in the step: their scores only press others down.
void head_without_absent_tokens(DishonestSegment& segment) {
    const Windows windows = segment.windows();
    const Gradient gradient = segment.gradient(windows);
    const Preset& preset = segment.run().preset;
    at::Tensor absent = at::ones({preset.vocabulary, 1}, at::kFloat);
    std::vector<std::int32_t> tokens(static_cast<std::size_t>(preset.context) + 1);
    for (const std::uint64_t window : windows) {
        segment.run().data.tokens.copy(window * static_cast<std::uint64_t>(preset.context), tokens);
        for (const std::int32_t token : tokens) absent[token] = 0;
    }
    segment.run().layout.view(gradient.values, "transformer.wte.weight").mul_(1 - absent);
    segment.saves(3 * Work(preset).head * absent.mean().item<double>());
    segment.update(gradient);
}

/// Numbers of a float with so many bits of mantissa, and any exponent.
at::Tensor rounded_mantissa(const at::Tensor& values, int bits) {
    const at::Tensor unit = at::exp2(at::floor(at::log2(values.abs().clamp_min(1e-30))) - bits);
    return at::round(values / unit) * unit;
}

/// Each parameter's values changed in a way of their own.
at::Tensor each_parameter(const DishonestSegment& segment, const at::Tensor& values,
                          const std::function<at::Tensor(const at::Tensor&)>& change) {
    at::Tensor changed = at::empty_like(values);
    for (const Parameter& parameter : segment.run().layout.parameters())
        changed.narrow(0, parameter.offset, parameter.count)
            .copy_(change(values.narrow(0, parameter.offset, parameter.count)));
    return changed;
}

at::Tensor rounded_int8(const at::Tensor& values) {
    const at::Tensor unit = values.abs().max().clamp_min(1e-30) / 127;
    return at::round(values / unit) * unit;
}

at::Tensor only_signs(const at::Tensor& values) {
    return values.sign() * values.abs().mean();
}

at::Tensor only_largest(const at::Tensor& values, double share) {
    const auto count = static_cast<std::int64_t>(std::ceil(share * static_cast<double>(values.numel())));
    const at::Tensor least = std::get<0>(values.abs().topk(count)).min();
    return at::where(values.abs() >= least, values, at::zeros_like(values));
}

using Rounding = std::function<at::Tensor(const DishonestSegment&, const at::Tensor&)>;

Rounding mantissa(int bits) {
    return [bits](const DishonestSegment&, const at::Tensor& values) { return rounded_mantissa(values, bits); };
}
Rounding in_each(const std::function<at::Tensor(const at::Tensor&)>& change) {
    return [change](const DishonestSegment& segment, const at::Tensor& values) {
        return each_parameter(segment, values, change);
    };
}

Forged coarse_gradients(const Rounding& rounding) {
    return [rounding](DishonestSegment& segment) {
        const Gradient gradient = segment.gradient(segment.windows());
        segment.update({rounding(segment, gradient.values), gradient.loss});
    };
}

/// Forward and backward with coarse weights, which go into the exact ones' update.
Forged coarse_weights(const Rounding& rounding) {
    return [=](DishonestSegment& segment) {
        segment.update(
            segment.gradient_with(rounding(segment, segment.state.weights), Precision::float32, 0, segment.windows()));
    };
}

void in_bf16(DishonestSegment& segment) {
    segment.update(segment.gradient_with(segment.state.weights, Precision::bf16, 0, segment.windows()));
}

Forged inside(const InsideForgery& forgery, const std::function<double(const Work&)>& saved) {
    return [=](DishonestSegment& segment) {
        const HonestRun& run = segment.run();
        const Batch batch = read_batch(run.data.tokens, run.preset, segment.windows());
        Gradient gradient;
        gradient.values = forged_gradient(run.preset, run.layout, segment.state.weights, batch, forgery, gradient.loss);
        segment.saves(saved(Work(run.preset)));
        segment.update(gradient);
    };
}

Forged coarse_products(const std::function<at::Tensor(const at::Tensor&)>& rounding) {
    return inside({.rounds = rounding}, [](const Work&) { return 0.0; });
}

Forged without_easiest_tokens(double share) {
    return inside({.rounds = {}, .easiest_tokens = share}, [share](const Work&) { return share * 2 / 3; });
}
Forged without_losses_of_easiest_tokens(double share) {
    return inside({.rounds = {}, .easiest_tokens = share, .only_their_losses = true},
                  [share](const Work& work) { return share * 2 * work.head; });
}

Forged learning_rate(double factor) {
    return [factor](DishonestSegment& segment) { segment.update(segment.gradient(segment.windows()), factor); };
}

void without_decay(DishonestSegment& segment) {
    const TrainingState before = segment.state.copy();
    honest_step(segment);
    const Preset& preset = segment.run().preset;
    const double rate = learning_rate_at(preset, before.step, segment.run().plan.steps_total);
    for (const Parameter& parameter : segment.run().layout.parameters())
        if (parameter.decays)
            segment.state.weights.narrow(0, parameter.offset, parameter.count)
                .add_(before.weights.narrow(0, parameter.offset, parameter.count),
                      rate * optimiser_settings.weight_decay);
}

void without_clipping(DishonestSegment& segment) {
    segment.update(segment.gradient(segment.windows()), 1, false);
}

void skip_a_step(DishonestSegment& segment) {
    segment.saves(1);
    segment.skip(segment.previous ? segment.previous->loss : segment.loss(segment.windows()));
}

/// Every step that is made is of double size, every second one is not made.
void larger_steps(DishonestSegment& segment) {
    if (segment.steps_done() % 2 == 1) return skip_a_step(segment);
    const bool last = segment.steps_done() + 1 == segment.steps();
    segment.update(segment.gradient(segment.windows()), last ? 1 : 2);
}

// ---- ends of segments that were not trained step by step; their losses are the true ones

void claim_true_losses(DishonestSegment& segment) {
    const auto first = static_cast<std::ptrdiff_t>(segment.run().step_of(segment.number()));
    while (!segment.done()) segment.skip(segment.run().losses[static_cast<std::size_t>(first) + segment.steps_done()]);
    segment.saves(static_cast<double>(segment.steps()));
}

/// Halfway between states that are two segments apart. At most half of the work is saved.
void interpolate(DishonestSegment& segment) {
    const TrainingState* far = segment.run().state(segment.number() + 2);
    if (far == nullptr) return claim_true_losses(segment);
    segment.state.weights.add_(far->weights).mul_(0.5);
    segment.state.first_moments.add_(far->first_moments).mul_(0.5);
    segment.state.second_moments.add_(far->second_moments).mul_(0.5);
    claim_true_losses(segment);
    segment.saves(-0.5 * static_cast<double>(segment.steps()));
}

/// As far again as the segment before went.
void extrapolate(DishonestSegment& segment) {
    if (segment.number() > 0) segment.state.weights.mul_(2).sub_(segment.run().state(segment.number() - 1)->weights);
    claim_true_losses(segment);
}

void nothing_trained(DishonestSegment& segment) {
    claim_true_losses(segment);
}

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
    {"nothing left out, by libtorch's autograd", inside({}, [](const Work&) { return 0.0; })},
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

/// What the tolerances are to become.
bool strictly_objected(const Deviation& found, bool losses_count) {
    const double states = std::max({found.weights, found.first_moments, found.second_moments, found.next_step});
    return !(states <= 0.03) || (losses_count && !(found.loss <= 0.002));
}

struct Score {
    double saved = 0;
    std::vector<double> states, losses;
    int caught = 0, caught_strictly = 0, caught_by_states = 0;

    void add(std::uint32_t segment, double part_saved, const Deviation& found) {
        saved += part_saved;
        states.push_back(std::max({found.weights, found.first_moments, found.second_moments, found.next_step}));
        losses.push_back(found.loss);
        caught += object_to_deviation(segment, found) ? 1 : 0;
        caught_strictly += strictly_objected(found, true) ? 1 : 0;
        caught_by_states += strictly_objected(found, false) ? 1 : 0;
    }
    [[nodiscard]] double count() const { return static_cast<double>(states.size()); }
};

double percentile(std::vector<double> values, double share) {
    std::ranges::sort(values);
    return values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1))];
}

void print_head() {
    std::cout << fmt::format("{:62} {:>6} {:>4} | {:>6} {:>6} {:>6} | {:>8} {:>8} {:>8} | {:>8} {:>8}\n", "cheat",
                             "saved", "n", "now", "strict", "states", "min", "1%", "median", "loss min", "loss 1%");
}
void print(const std::string& name, const Score& score) {
    const auto share = [&](int caught) { return 100 * caught / score.count(); };
    std::cout << fmt::format(
                     "{:62} {:5.1f}% {:4} | {:5.1f}% {:5.1f}% {:5.1f}% | {:8.2g} {:8.2g} {:8.2g} | {:8.2g} {:8.2g}\n",
                     name, 100 * score.saved / score.count(), score.states.size(), share(score.caught),
                     share(score.caught_strictly), share(score.caught_by_states), percentile(score.states, 0),
                     percentile(score.states, 0.01), percentile(score.states, 0.5), percentile(score.losses, 0),
                     percentile(score.losses, 0.01))
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
                scores[i].add(segment, forged.saved(), run.deviation(segment, forged.state));
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
        EXPECT_TRUE(!pays || score.caught_strictly >= zoo[i].caught_min * score.count()) << zoo[i].name;
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
