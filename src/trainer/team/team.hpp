// Who trains a step together. The loop asks its team before each step, and after it; what a team says decides who
// computes which sequences, never what the step is.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstddef>
#include <cstdint>

#include "runtime/result.hpp"
#include "trainer/model/training_state.hpp"

namespace emeth::trainer {

/// Sequences [begin, end) of a step.
struct Share {
    std::size_t begin = 0, end = 0;
};

/// Used by the training thread only.
class Team {
public:
    virtual ~Team() = default;

    /// Before each try of a step. True: `state` was replaced (a helper takes its leader's).
    virtual Result<bool> step_begins(TrainingState& state) = 0;
    /// What is computed here of a step of so many sequences.
    [[nodiscard]] virtual Share share(std::size_t sequences) const = 0;
    /// Sums up gradients (flat, float32) and losses over the team. False: a member was lost; nothing is known of the
    /// sum, and the step is to be tried again.
    virtual Result<bool> sum(at::Tensor& gradients, double& loss_sum) = 0;
    /// What was summed cannot be: the others, who may have spoilt it, are left. False: there are none, it was made
    /// here.
    virtual bool leave_the_others() = 0;
    /// That train together now, this one among them.
    [[nodiscard]] virtual std::uint32_t workers() const = 0;
};

/// A team of one.
class Alone final : public Team {
public:
    Result<bool> step_begins(TrainingState&) override { return false; }
    [[nodiscard]] Share share(std::size_t sequences) const override { return {0, sequences}; }
    Result<bool> sum(at::Tensor&, double&) override { return true; }
    bool leave_the_others() override { return false; }
    [[nodiscard]] std::uint32_t workers() const override { return 1; }
};

}  // namespace emeth::trainer
