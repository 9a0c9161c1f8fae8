// The state of a training run in memory.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "statemachine/types.hpp"
#include "trainer/model/gpu.hpp"
#include "trainer/model/parameters.hpp"

namespace emeth::trainer {

/// Everything that the next step depends on. The data order is a function of JOB and step, and training draws nothing
/// else at random, so `step` is both the position in the data and the state of all generators.
struct TrainingState {
    at::Tensor weights;        ///< flat float32 arrays of one layout, all on one device
    at::Tensor first_moments;  ///< of AdamW
    at::Tensor second_moments;
    std::uint64_t step = 0;     ///< steps done
    std::vector<float> losses;  ///< mean loss of each step done

    static TrainingState initial(const ParameterLayout& layout, const JobId& job);
    /// Weights and moments; nothing where they are there already.
    void move_to(const at::Device& device);
    /// On the same device.
    [[nodiscard]] TrainingState copy() const;
};

/// A copy of a state in this process's memory. From a GPU it arrives while the GPU computes what is queued behind it.
class StateCopy {
public:
    explicit StateCopy(const TrainingState& state);
    /// Blocks until all of it is there; any thread.
    [[nodiscard]] const TrainingState& wait() const;

private:
    TrainingState copy_;
    gpu::Event arrived_;
};

}  // namespace emeth::trainer
