#include "trainer/model/optimiser.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "trainer/model/kernels.hpp"

namespace emeth::trainer {

double gradient_norm(const at::Tensor& gradients) {
    return std::sqrt(kernels::sum_of_squares(gradients.data_ptr<float>(), gradients.numel()));
}

void update_weights(const Preset& preset, const ParameterLayout& layout, const at::Tensor& gradients, double norm,
                    std::uint64_t steps_total, TrainingState& state) {
    const OptimiserSettings& settings = optimiser_settings;
    const auto time = static_cast<double>(state.step + 1);
    kernels::AdamWStep step{.learning_rate = static_cast<float>(learning_rate_at(preset, state.step, steps_total)),
                            .beta1 = static_cast<float>(settings.beta1),
                            .beta2 = static_cast<float>(settings.beta2),
                            .epsilon = static_cast<float>(settings.epsilon),
                            .weight_decay = 0,
                            .correction1 = static_cast<float>(1 - std::pow(settings.beta1, time)),
                            .correction2 = static_cast<float>(1 - std::pow(settings.beta2, time)),
                            .gradient_scale = static_cast<float>(std::min(1.0, settings.gradient_norm_max / norm))};
    for (const Parameter& parameter : layout.parameters()) {
        step.weight_decay = parameter.decays ? static_cast<float>(settings.weight_decay) : 0.0F;
        const std::int64_t offset = parameter.offset;
        kernels::adamw(state.weights.data_ptr<float>() + offset, gradients.data_ptr<float>() + offset,
                       state.first_moments.data_ptr<float>() + offset, state.second_moments.data_ptr<float>() + offset,
                       parameter.count, step);
    }
}

}  // namespace emeth::trainer
