#include "trainer/model/training_state.hpp"

#include <ATen/ATen.h>

namespace emeth::trainer {

TrainingState TrainingState::initial(const ParameterLayout& layout, const JobId& job) {
    TrainingState state;
    state.weights = initial_weights(layout, job);
    state.first_moments = at::zeros_like(state.weights);
    state.second_moments = at::zeros_like(state.weights);
    return state;
}

void TrainingState::move_to(const at::Device& device) {
    for (at::Tensor* tensor : {&weights, &first_moments, &second_moments}) *tensor = tensor->to(device);
}

TrainingState TrainingState::copy() const {
    return {weights.clone(), first_moments.clone(), second_moments.clone(), step, losses};
}

StateCopy::StateCopy(const TrainingState& state) : copy_{{}, {}, {}, state.step, state.losses} {
    const at::Device device = state.weights.device();
    const auto copy = [&](const at::Tensor& tensor) {
        if (device.is_cpu()) return tensor.clone();
        return gpu::host_memory(tensor.sizes()).copy_(tensor, /*non_blocking=*/true);
    };
    copy_.weights = copy(state.weights);
    copy_.first_moments = copy(state.first_moments);
    copy_.second_moments = copy(state.second_moments);
    arrived_.record(device);
}

const TrainingState& StateCopy::wait() const {
    arrived_.wait();
    return copy_;
}

}  // namespace emeth::trainer
