// How the weights are updated, in numbers: what a manifest states, and what a training log shows of each step.
#pragma once

#include <cstdint>

#include "trainer_protocol/presets.hpp"

namespace emeth::trainer {

using trainer_protocol::Preset;

/// The same for all presets; node and verifier must agree on them.
struct OptimiserSettings {
    double beta1 = 0.9;
    double beta2 = 0.95;
    double epsilon = 1e-8;
    double weight_decay = 0.1;       ///< on matrices, not on biases and norms
    double gradient_norm_max = 1.0;  ///< a longer gradient is scaled down to this
    double warm_up_share = 0.05;     ///< of all steps
    double final_share = 0.05;       ///< of the learning rate, at the end of the cosine
};
inline constexpr OptimiserSettings optimiser_settings;

/// Linear warm-up, then a cosine. `step` counts from 0.
double learning_rate_at(const Preset& preset, std::uint64_t step, std::uint64_t steps_total);

}  // namespace emeth::trainer
