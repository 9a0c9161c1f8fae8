// AdamW over the flat weights.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "trainer/formats/hyperparameters.hpp"
#include "trainer/model/parameters.hpp"
#include "trainer/model/training_state.hpp"
#include "trainer_protocol/presets.hpp"

namespace emeth::trainer {

/// The Euclidean norm; the same for every number of threads.
double gradient_norm(const at::Tensor& gradients);

/// One step, number `state.step` of `steps_total`: weights and moments change, the counter does not. Weight decay is
/// decoupled and touches matrices only; a gradient longer than allowed is scaled down.
void update_weights(const Preset& preset, const ParameterLayout& layout, const at::Tensor& gradients, double norm,
                    std::uint64_t steps_total, TrainingState& state);
/// The same with libtorch's operations, as on a GPU. The gradients are overwritten.
void update_weights_by_libtorch(const Preset& preset, const ParameterLayout& layout, const at::Tensor& gradients,
                                double norm, std::uint64_t steps_total, TrainingState& state);

}  // namespace emeth::trainer
