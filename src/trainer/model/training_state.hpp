// The state of a training run in memory.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "statemachine/types.hpp"
#include "trainer/model/parameters.hpp"

namespace emeth::trainer {

/// Everything that the next step depends on. The data order is a function of JOB and step, and training draws nothing
/// else at random, so `step` is both the position in the data and the state of all generators.
struct TrainingState {
    at::Tensor weights;        ///< flat float32 arrays of one layout
    at::Tensor first_moments;  ///< of AdamW
    at::Tensor second_moments;
    std::uint64_t step = 0;     ///< steps done
    std::vector<float> losses;  ///< mean loss of each step done

    static TrainingState initial(const ParameterLayout& layout, const JobId& job);
    [[nodiscard]] TrainingState copy() const;
};

}  // namespace emeth::trainer
