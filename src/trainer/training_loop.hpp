// The one training loop.
#pragma once

#include <cstdint>

#include "runtime/clock.hpp"
#include "runtime/result.hpp"
#include "statemachine/types.hpp"
#include "trainer/checkpoint.hpp"
#include "trainer/checkpoint_interval.hpp"
#include "trainer/compute.hpp"
#include "trainer/plan.hpp"
#include "trainer/reporter.hpp"
#include "trainer/team.hpp"
#include "trainer/token_file.hpp"

namespace emeth::trainer {

struct TrainingSetup {
    JobId job;
    Preset preset;
    Plan plan;
    Compute compute;
    std::uint32_t checkpoint_interval_ms = 0;  ///< 0: the best by what a checkpoint costs (checkpoint_interval.hpp)
    std::uint64_t last_step = 0;               ///< where to stop: plan.steps_total, or a segment's end
};

/// Who keeps states while the loop runs. An Error of it ends the loop.
class StateKeeper {
public:
    virtual ~StateKeeper() = default;
    virtual Result<void> step_begins(const TrainingState& state) = 0;
    virtual Result<void> checkpoint_due(const TrainingState& state) = 0;
    /// From one checkpoint to the next, where the setup does not say.
    [[nodiscard]] virtual Milliseconds checkpoint_interval() const = 0;
};

/// Of one who trains only for a moment, or for somebody else.
struct KeepsNothing final : StateKeeper {
    Result<void> step_begins(const TrainingState&) override { return {}; }
    Result<void> checkpoint_due(const TrainingState&) override { return {}; }
    [[nodiscard]] Milliseconds checkpoint_interval() const override { return checkpoint_interval_max; }
};

/// Takes `state` from its step to setup.last_step. The result is a function of the JOB, the dataset and the number of
/// threads, wherever the run was interrupted; who else is in `team` changes no more of it than rounding. Errors: a
/// checkpoint cannot be written; the loss is no number any more (permanent); what `team` cannot go on without is lost.
Result<void> train(const TrainingSetup& setup, const ParameterLayout& layout, const TokenFile& tokens,
                   TrainingState& state, StateKeeper& keeper, Team& team, Reporter& reporter);

}  // namespace emeth::trainer
