// The same model from libtorch's operations and automatic derivatives, for devices whose fast kernels are libtorch's.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <memory>

#include "trainer/model/model.hpp"

namespace emeth::trainer {

/// `weights` and `gradients` stay in this process's memory; the device has copies, and where it is a GPU they travel
/// through pinned memory. With bf16 the operations run under libtorch's autocast.
std::unique_ptr<Model> make_autograd_model(const Preset& preset, Precision precision, const ParameterLayout& layout,
                                           at::Tensor weights, at::Tensor gradients, at::Device device);

}  // namespace emeth::trainer
