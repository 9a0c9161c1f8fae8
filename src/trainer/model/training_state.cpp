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

TrainingState TrainingState::copy() const {
    return {weights.clone(), first_moments.clone(), second_moments.clone(), step, losses};
}

}  // namespace emeth::trainer
