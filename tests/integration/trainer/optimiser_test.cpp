// AdamW with libtorch's operations, as on a GPU, against our own kernels; both here on the CPU.
#include "trainer/model/optimiser.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "trainer/model/autograd_model.hpp"
#include "trainer/model/model.hpp"
#include "trainer/trial_run.hpp"

namespace emeth::trainer {
namespace {

using trainer_protocol::find_preset;

constexpr std::uint64_t steps_total = 100;

double relative_difference(const at::Tensor& a, const at::Tensor& b) {
    return ((a - b).norm() / b.norm()).item<double>();
}

TEST(Optimiser, IsTheSameWithLibtorchsOperations) {
    const Preset preset = *find_preset("nano");
    const ParameterLayout layout(preset);
    TrainingState ours = TrainingState::initial(layout, JobId{});
    TrainingState libtorchs = ours.copy();
    for (const double length : {0.5, 4.0}) {  // the second is scaled down to 1
        at::Tensor gradients = at::sin(at::arange(layout.count(), at::kFloat));
        gradients.mul_(length / gradient_norm(gradients));
        const at::Tensor same = gradients.clone();
        for (int step = 0; step < 3; ++step) {
            const double norm = gradient_norm(gradients);
            EXPECT_NEAR(norm, length, 1e-3);
            update_weights(preset, layout, gradients, norm, steps_total, ours);
            update_weights_by_libtorch(preset, layout, same.clone(), norm, steps_total, libtorchs);
            ++ours.step;
            ++libtorchs.step;
        }
        EXPECT_LT(relative_difference(libtorchs.weights, ours.weights), 1e-6) << length;
        EXPECT_LT(relative_difference(libtorchs.first_moments, ours.first_moments), 1e-6) << length;
        EXPECT_LT(relative_difference(libtorchs.second_moments, ours.second_moments), 1e-6) << length;
    }
}

/// The whole step of a GPU, computed here, stays as close to ours as rounding lets it.
TEST(Optimiser, TrainsTheAutogradModelToTheSameLosses) {
    const Preset preset = *find_preset("nano");
    const ParameterLayout layout(preset);
    const Compute compute{at::kCPU, Precision::float32, 8, 1};
    TrialRun trial(preset, compute);
    TrainingState state = TrainingState::initial(layout, JobId{});
    at::Tensor gradients = at::zeros_like(state.weights);
    const auto model = make_autograd_model(preset, Precision::float32, layout, state.weights, gradients, 8);
    const auto tokens = static_cast<std::uint64_t>(preset.sequences_per_step * preset.context);
    for (std::uint64_t step = 0; step < 20; ++step) {
        const double ours = trial.step();
        gradients.zero_();
        for (const std::uint64_t half : {0, 1})
            model->forward_backward(trial_batch(preset, 8, step * tokens + half * tokens / 2),
                                    1.0F / static_cast<float>(tokens), {});
        EXPECT_NEAR(model->take_loss_sum() / static_cast<double>(tokens), ours, 1e-4) << step;
        update_weights_by_libtorch(preset, layout, gradients, gradient_norm(gradients), trial_schedule_steps, state);
        model->weights_changed();
        ++state.step;
    }
    EXPECT_LT(relative_difference(state.weights, trial.state().weights), 1e-3);
}

}  // namespace
}  // namespace emeth::trainer
