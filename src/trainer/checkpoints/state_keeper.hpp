// The training loop hands its states to this interface.
#pragma once

#include <cstdint>
#include <span>

#include "runtime/clock.hpp"
#include "runtime/result.hpp"
#include "trainer/checkpoints/checkpoint_interval.hpp"
#include "trainer/formats/compute_record.hpp"
#include "trainer/model/training_state.hpp"

namespace emeth::trainer {

/// An Error ends the loop.
class StateKeeper {
public:
    virtual ~StateKeeper() = default;
    virtual Result<void> step_begins(const TrainingState& state) = 0;
    /// From this step on, batches have `micro_batch` sequences.
    virtual void micro_batch_changed(std::int64_t /*micro_batch*/) {}
    /// After `step` was computed, with the help of `others`.
    virtual Result<void> step_computed(std::uint64_t step, std::span<const ComputeRecord> others) = 0;
    virtual Result<void> checkpoint_due(const TrainingState& state) = 0;
    /// The time between checkpoints, unless TrainingSetup sets it.
    [[nodiscard]] virtual Milliseconds checkpoint_interval() const = 0;
};

/// For short or helper runs.
struct KeepsNothing final : StateKeeper {
    Result<void> step_begins(const TrainingState&) override { return {}; }
    Result<void> step_computed(std::uint64_t, std::span<const ComputeRecord>) override { return {}; }
    Result<void> checkpoint_due(const TrainingState&) override { return {}; }
    [[nodiscard]] Milliseconds checkpoint_interval() const override { return checkpoint_interval_max; }
};

}  // namespace emeth::trainer
