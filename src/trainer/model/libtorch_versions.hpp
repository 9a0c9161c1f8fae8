// What libtorch calls otherwise from one version to the next, or has from some version on; 1.13 is the oldest.
// Everything else is the same in all.
#pragma once

#include <ATen/ATen.h>
#include <torch/csrc/api/include/torch/version.h>

#include <cmath>
#include <limits>
#include <vector>

#define EMETH_TORCH_FROM(major, minor) \
    (TORCH_VERSION_MAJOR > (major) || (TORCH_VERSION_MAJOR == (major) && TORCH_VERSION_MINOR >= (minor)))

namespace emeth::trainer::libtorch {

/// Attention of queries, keys and values [sequences, heads, tokens, head width], in which no token sees later ones.
inline at::Tensor causal_attention(const at::Tensor& queries, const at::Tensor& keys, const at::Tensor& values) {
    // Before 2.3, what is fused does not give the same bits each time on a GPU.
#if EMETH_TORCH_FROM(2, 3)
    return at::scaled_dot_product_attention(queries, keys, values, {}, 0.0, true);
#else
    const std::int64_t tokens = queries.size(2);
    const at::Tensor scores =
        at::matmul(queries, keys.transpose(-1, -2)) / std::sqrt(static_cast<double>(queries.size(3)));
    const at::Tensor future = at::ones({tokens, tokens}, queries.options().dtype(at::kBool)).triu(1);
    const at::Tensor seen = scores.masked_fill(future, -std::numeric_limits<double>::infinity());
    return at::matmul(at::softmax(seen, -1, at::kFloat).to(values.scalar_type()), values);
#endif
}

/// The arguments of one AdamW step over several tensors.
struct AdamWLists {
    std::vector<at::Tensor> weights, gradients, first_moments, second_moments;
};
struct AdamWNumbers {
    double learning_rate, beta1, beta2, epsilon, weight_decay;
    double time;            ///< steps done, this one included
    double gradient_scale;  ///< gradients count this many times
};

/// One step of AdamW with decoupled weight decay; the gradients may be scaled afterwards.
inline void adamw(AdamWLists& lists, const AdamWNumbers& step) {
    if (lists.weights.empty()) return;
#if EMETH_TORCH_FROM(2, 4)
    const auto number = at::TensorOptions(at::kFloat).device(lists.weights.front().device());
    const std::vector<at::Tensor> times(lists.weights.size(), at::full({}, step.time, number));
    at::_fused_adamw_(lists.weights, lists.gradients, lists.first_moments, lists.second_moments, {}, times,
                      step.learning_rate, step.beta1, step.beta2, step.weight_decay, step.epsilon, /*amsgrad=*/false,
                      /*maximize=*/false, at::full({}, 1 / step.gradient_scale, number), {});
#else
    const double correction1 = 1 - std::pow(step.beta1, step.time);
    const double correction2 = 1 - std::pow(step.beta2, step.time);
    at::_foreach_mul_(lists.gradients, step.gradient_scale);
    at::_foreach_mul_(lists.first_moments, step.beta1);
    at::_foreach_add_(lists.first_moments, lists.gradients, 1 - step.beta1);
    at::_foreach_mul_(lists.second_moments, step.beta2);
    at::_foreach_addcmul_(lists.second_moments, lists.gradients, lists.gradients, 1 - step.beta2);
    std::vector<at::Tensor> divisors = at::_foreach_div(lists.second_moments, correction2);
    at::_foreach_sqrt_(divisors);
    at::_foreach_add_(divisors, step.epsilon);
    at::_foreach_mul_(lists.weights, 1 - step.learning_rate * step.weight_decay);
    at::_foreach_addcdiv_(lists.weights, lists.first_moments, divisors, -step.learning_rate / correction1);
#endif
}

/// Partial sums of bf16 products stay in float32.
inline void sum_products_in_float32() {
#if EMETH_TORCH_FROM(2, 0)
    at::globalContext().setAllowBF16ReductionCuBLAS(false);
#endif
}

/// Where the same bits are asked for each time, libtorch would also fill each new tensor.
inline void leave_new_memory_as_it_is() {
#if EMETH_TORCH_FROM(2, 2)
    at::globalContext().setDeterministicFillUninitializedMemory(false);
#endif
}

}  // namespace emeth::trainer::libtorch
