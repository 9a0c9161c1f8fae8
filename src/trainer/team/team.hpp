// The room of the team: several trainers that compute each step of one JOB together. How they find each other
// (rendezvous), sum their gradients (process group), and what leader and helper do when one of them is lost. It knows
// the training state, but neither data nor files.
//
// This header: what the training loop asks before and after each step. The answers decide who computes which sequences,
// never what the step is.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstddef>
#include <cstdint>
#include <span>

#include "runtime/clock.hpp"
#include "runtime/result.hpp"
#include "trainer/formats/compute_record.hpp"
#include "trainer/model/step_gradients.hpp"
#include "trainer/model/training_state.hpp"

namespace emeth::trainer {

/// Used by the training thread only.
class Team {
public:
    virtual ~Team() = default;

    /// Called before each attempt at a step. True when `state` was replaced (a helper takes its leader's).
    virtual Result<bool> step_begins(TrainingState& state) = 0;
    /// The part of a step of `sequences` sequences that is computed here.
    [[nodiscard]] virtual Share share(std::size_t sequences) const = 0;
    /// The share's gradients from element `first` on are complete: they may be summed, in place, while those before
    /// them are computed, and must not be touched before sum(). `computing`: for how long the batch that completes them
    /// has been computed by now.
    virtual void gradients_ready(at::Tensor& gradients, std::int64_t first, Milliseconds computing) = 0;
    /// Sums up gradients (flat, float32) and losses over the team. False when a member was lost: the sum is then
    /// undefined, and the step must be retried.
    virtual Result<bool> sum(at::Tensor& gradients, double& loss_sum) = 0;
    /// Called when the sum is not usable: leaves the other members, who may have caused it. False when there are none,
    /// so that the cause is here.
    virtual bool leave_the_others() = 0;
    /// The other members that computed a share of the last step, where this trainer knows of them.
    [[nodiscard]] virtual std::span<const ComputeRecord> others() const { return {}; }
    /// The number of trainers in the team now, including this one.
    [[nodiscard]] virtual std::uint32_t workers() const = 0;
};

/// A team of one.
class Alone final : public Team {
public:
    Result<bool> step_begins(TrainingState&) override { return false; }
    [[nodiscard]] Share share(std::size_t sequences) const override { return {0, sequences}; }
    void gradients_ready(at::Tensor&, std::int64_t, Milliseconds) override {}
    Result<bool> sum(at::Tensor&, double&) override { return true; }
    bool leave_the_others() override { return false; }
    [[nodiscard]] std::uint32_t workers() const override { return 1; }
};

}  // namespace emeth::trainer
