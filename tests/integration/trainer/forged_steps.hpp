// What a forger does to a step of training, to save work or only to see what is noticed: each function is one way, or
// makes one. zoo_test.cpp tries them.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <string_view>

#include "integration/trainer/dishonest_training.hpp"

namespace emeth::test {

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

/// Does the next step of a segment; called until the segment is done.
using Forged = std::function<void(DishonestSegment&)>;
/// Which parameters are meant.
using Names = std::function<bool(std::string_view)>;
using Rounding = std::function<at::Tensor(const DishonestSegment&, const at::Tensor&)>;

void honest_step(DishonestSegment& segment);
/// Honest, but for the step in the middle.
Forged once(const Forged& forged);
/// Honest in the first step of a segment, the third, …
Forged every_second(const Forged& forged);
Forged leave_out(double share);
Forged replace_by_others(double share);
/// The losses are computed for all.
Forged leave_out_backward(double share);
/// Those with the least losses.
Forged leave_out_backward_of_the_easiest(double share);
/// What was left out is taken to be like what came before.
Forged fill_up_with_momentum(double share);
Forged first_positions(double share);
void windows_cut_in_two(DishonestSegment& segment);
void same_gradient_again(DishonestSegment& segment);
void momentum_for_a_gradient(DishonestSegment& segment);
bool holds(std::string_view name, std::string_view part);
/// As if they had no gradient. `saved` of a step.
Forged frozen(const Names& meant, const std::function<double(const Work&)>& saved);
/// The gradient of some parameters is that of the step before, in every second step.
Forged stale(const Names& meant, const std::function<double(const Work&)>& saved);
/// The gradient of some parameters is computed from a share of the sequences.
Forged thinned(const Names& meant, double share, const std::function<double(const Work&)>& saved);
/// The output head does without the tokens that are not in the step: their scores only press others down.
void head_without_absent_tokens(DishonestSegment& segment);
/// Numbers of a float with so many bits of mantissa, and any exponent.
at::Tensor rounded_mantissa(const at::Tensor& values, int bits);
at::Tensor rounded_int8(const at::Tensor& values);
at::Tensor only_signs(const at::Tensor& values);
at::Tensor only_largest(const at::Tensor& values, double share);
Rounding mantissa(int bits);
Rounding in_each(const std::function<at::Tensor(const at::Tensor&)>& change);
Forged coarse_gradients(const Rounding& rounding);
/// Forward and backward with coarse weights, which go into the exact ones' update.
Forged coarse_weights(const Rounding& rounding);
void in_bf16(DishonestSegment& segment);
/// Honest, by libtorch's autograd instead of the program's own backward pass.
Forged by_autograd();
Forged coarse_products(const std::function<at::Tensor(const at::Tensor&)>& rounding);
Forged without_easiest_tokens(double share);
Forged without_losses_of_easiest_tokens(double share);
Forged learning_rate(double factor);
void without_decay(DishonestSegment& segment);
void without_clipping(DishonestSegment& segment);
void skip_a_step(DishonestSegment& segment);
/// Every step that is made is of double size, every second one is not made.
void larger_steps(DishonestSegment& segment);
/// Halfway between states that are two segments apart. At most half of the work is saved.
void interpolate(DishonestSegment& segment);
/// As far again as the segment before went.
void extrapolate(DishonestSegment& segment);
void nothing_trained(DishonestSegment& segment);

}  // namespace emeth::test
