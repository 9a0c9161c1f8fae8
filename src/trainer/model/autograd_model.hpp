// The same model from libtorch's operations and automatic derivatives, for devices whose fast kernels are libtorch's.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>

#include "trainer/model/model.hpp"

namespace emeth::trainer {

/// As make_model(), on the device of `weights`. Batches travel through pinned memory while the GPU computes; small ones
/// are recorded and repeated as one launch.
std::unique_ptr<Model> make_autograd_model(const Preset& preset, Precision precision, const ParameterLayout& layout,
                                           at::Tensor weights, at::Tensor gradients, std::int64_t sequences_max);

}  // namespace emeth::trainer
