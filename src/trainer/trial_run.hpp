// Training steps without a JOB: on tokens made by a formula, and without files. For measuring.
#pragma once

#include <cstdint>
#include <memory>

#include "trainer/model/compute.hpp"
#include "trainer/model/model.hpp"
#include "trainer/model/training_state.hpp"

namespace emeth::trainer {

/// Windows of a text made by a formula, from token `position` of it on.
Batch trial_batch(const Preset& preset, std::size_t sequences, std::uint64_t position);
/// Of the learning rate's schedule: more steps than anybody tries.
inline constexpr std::uint64_t trial_schedule_steps = 1'000;

/// Steps as in the training loop. Not thread-safe.
class TrialRun {
public:
    TrialRun(const Preset& preset, const Compute& compute);

    /// The mean loss.
    double step();
    [[nodiscard]] std::int64_t tokens_per_step() const { return preset_.sequences_per_step * preset_.context; }
    /// Sequences computed at once: fewer than asked for where a GPU's memory is too small.
    [[nodiscard]] std::int64_t micro_batch() const { return micro_batch_; }
    [[nodiscard]] const TrainingState& state() const { return state_; }
    [[nodiscard]] const ParameterLayout& layout() const { return layout_; }

private:
    Preset preset_;
    std::int64_t micro_batch_;
    ParameterLayout layout_;
    TrainingState state_;
    at::Tensor gradients_;
    std::unique_ptr<Model> model_;
    std::uint64_t position_ = 0;
};

}  // namespace emeth::trainer
