#include "trainer/model/optimiser.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "trainer/model/kernels.hpp"
#include "trainer/model/libtorch_versions.hpp"

namespace emeth::trainer {
namespace {

double gradient_scale(double norm) {
    return std::min(1.0, optimiser_settings.gradient_norm_max / norm);
}

}  // namespace

double gradient_norm(const at::Tensor& gradients) {
    if (!gradients.is_cpu()) return gradients.norm().item<double>();
    return std::sqrt(kernels::sum_of_squares(gradients.data_ptr<float>(), gradients.numel()));
}

void update_weights(const Preset& preset, const ParameterLayout& layout, const at::Tensor& gradients, double norm,
                    std::uint64_t steps_total, TrainingState& state) {
    if (!state.weights.is_cpu()) return update_weights_by_libtorch(preset, layout, gradients, norm, steps_total, state);
    const OptimiserSettings& settings = optimiser_settings;
    const auto time = static_cast<double>(state.step + 1);
    kernels::AdamWStep step{.learning_rate = static_cast<float>(learning_rate_at(preset, state.step, steps_total)),
                            .beta1 = static_cast<float>(settings.beta1),
                            .beta2 = static_cast<float>(settings.beta2),
                            .epsilon = static_cast<float>(settings.epsilon),
                            .weight_decay = 0,
                            .correction1 = static_cast<float>(1 - std::pow(settings.beta1, time)),
                            .correction2 = static_cast<float>(1 - std::pow(settings.beta2, time)),
                            .gradient_scale = static_cast<float>(gradient_scale(norm))};
    for (const Parameter& parameter : layout.parameters()) {
        step.weight_decay = parameter.decays ? static_cast<float>(settings.weight_decay) : 0.0F;
        const std::int64_t offset = parameter.offset;
        kernels::adamw(state.weights.data_ptr<float>() + offset, gradients.data_ptr<float>() + offset,
                       state.first_moments.data_ptr<float>() + offset, state.second_moments.data_ptr<float>() + offset,
                       parameter.count, step);
    }
}

void update_weights_by_libtorch(const Preset& preset, const ParameterLayout& layout, const at::Tensor& gradients,
                                double norm, std::uint64_t steps_total, TrainingState& state) {
    const OptimiserSettings& settings = optimiser_settings;
    libtorch::AdamWNumbers step{.learning_rate = learning_rate_at(preset, state.step, steps_total),
                                .beta1 = settings.beta1,
                                .beta2 = settings.beta2,
                                .epsilon = settings.epsilon,
                                .weight_decay = 0,
                                .time = static_cast<double>(state.step + 1),
                                .gradient_scale = gradient_scale(norm)};
    for (const bool decays : {true, false}) {
        libtorch::AdamWLists lists;
        for (const Parameter& parameter : layout.parameters()) {
            if (parameter.decays != decays) continue;
            const auto part = [&](const at::Tensor& flat) { return flat.narrow(0, parameter.offset, parameter.count); };
            lists.weights.push_back(part(state.weights));
            lists.gradients.push_back(part(gradients));
            lists.first_moments.push_back(part(state.first_moments));
            lists.second_moments.push_back(part(state.second_moments));
        }
        step.weight_decay = decays ? settings.weight_decay : 0;
        libtorch::adamw(lists, step);
    }
}

}  // namespace emeth::trainer
