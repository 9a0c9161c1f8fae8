// The network once more, with libtorch's autograd, for forgeries inside of it: coarse operands, tokens without
// backward.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>

#include "trainer/model/model.hpp"

namespace emeth::test {

struct InsideForgery {
    /// What the operands of every product become, in forward and backward.
    std::function<at::Tensor(const at::Tensor&)> rounds;
    /// This share of the tokens, those with the least losses, is left out of the backward pass.
    double easiest_tokens = 0;
    /// Only their own losses are: what later tokens learn through them is computed.
    bool only_their_losses = false;
};

/// Of the mean loss, flat. `loss` becomes that of all tokens.
at::Tensor forged_gradient(const trainer::Preset& preset, const trainer::ParameterLayout& layout,
                           const at::Tensor& weights, const trainer::Batch& batch, const InsideForgery& forgery,
                           double& loss);

}  // namespace emeth::test
