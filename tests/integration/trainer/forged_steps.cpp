#include "integration/trainer/forged_steps.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <string_view>

#include "integration/trainer/dishonest_model.hpp"
#include "trainer/model/evaluation.hpp"
#include "trainer/model/optimiser.hpp"

namespace emeth::test {

using namespace trainer;
using Windows = std::vector<std::uint64_t>;

namespace {

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

}  // namespace

void honest_step(DishonestSegment& segment) {
    segment.update(segment.gradient(segment.windows()));
}

namespace {

bool in_the_middle(const DishonestSegment& segment) {
    return segment.steps_done() == segment.steps() / 2;
}

}  // namespace

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

bool holds(std::string_view name, std::string_view part) {
    return name.find(part) != std::string_view::npos;
}

namespace {

/// Copies the parameters that are meant from one gradient to another.
void take_over(const DishonestSegment& segment, const Names& meant, const at::Tensor& from, const at::Tensor& to) {
    for (const Parameter& parameter : segment.run().layout.parameters()) {
        if (!meant(parameter.name)) continue;
        to.narrow(0, parameter.offset, parameter.count).copy_(from.narrow(0, parameter.offset, parameter.count));
    }
}

}  // namespace

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

namespace {

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

}  // namespace

Forged by_autograd() {
    return inside({}, [](const Work&) { return 0.0; });
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

namespace {

// ---- ends of segments that were not trained step by step; their losses are the true ones

void claim_true_losses(DishonestSegment& segment) {
    const auto first = static_cast<std::ptrdiff_t>(segment.run().step_of(segment.number()));
    while (!segment.done()) segment.skip(segment.run().losses[static_cast<std::size_t>(first) + segment.steps_done()]);
    segment.saves(static_cast<double>(segment.steps()));
}

}  // namespace

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

}  // namespace emeth::test
