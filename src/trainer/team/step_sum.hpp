// What a member of a group sums up in each step: gradients, losses, and how long each member needed.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "runtime/clock.hpp"
#include "runtime/result.hpp"
#include "trainer/formats/precision.hpp"
#include "trainer/team/gradient_sum.hpp"
#include "trainer/team/process_group.hpp"

namespace emeth::trainer {

/// One step after the other. The group must not go between the first ready() of a step and its finish().
class StepSum {
public:
    explicit StepSum(Precision precision) : precision_(precision) {}

    /// As Team::gradients_ready(). Waits for the batch's end where that may be far off: Gloo's time-out begins with a
    /// member's first operation, and others may complete their gradients at the very end (a GPU, or one batch alone).
    void ready(ProcessGroup& group, at::Tensor& gradients, std::int64_t first, Milliseconds computing);
    /// Replaces `gradients` and `loss_sum` with the sums. Returns the `seconds` that each rank needed for its share.
    /// The Error is transient; gradients and losses are then undefined.
    Result<std::vector<double>> finish(ProcessGroup& group, at::Tensor& gradients, double& loss_sum, double seconds);

private:
    Precision precision_;
    std::optional<GradientSum> begun_;
};

}  // namespace emeth::trainer
