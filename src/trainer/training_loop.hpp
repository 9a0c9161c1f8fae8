// The one training loop.
#pragma once

#include <cstdint>

#include "runtime/clock.hpp"
#include "runtime/result.hpp"
#include "statemachine/types.hpp"
#include "trainer/checkpoints/state_keeper.hpp"
#include "trainer/data/plan.hpp"
#include "trainer/data/token_file.hpp"
#include "trainer/model/compute.hpp"
#include "trainer/reporter.hpp"
#include "trainer/team/team.hpp"

namespace emeth::trainer {

struct TrainingSetup {
    JobId job;
    Preset preset;
    Plan plan;
    Compute compute;
    std::uint32_t checkpoint_interval_ms = 0;  ///< 0: the best by what a checkpoint costs (checkpoint_interval.hpp)
    std::uint64_t last_step = 0;               ///< where to stop: plan.steps_total, or a segment's end
};

/// Takes `state` from its step to setup.last_step. The result is a function of the JOB, the dataset and the number of
/// threads, wherever the run was interrupted; who else is in `team` changes no more of it than rounding. Errors: a
/// checkpoint cannot be written; the loss is no number any more (permanent); what `team` cannot go on without is lost.
Result<void> train(const TrainingSetup& setup, const ParameterLayout& layout, const TokenFile& tokens,
                   TrainingState& state, StateKeeper& keeper, Team& team, Reporter& reporter);

}  // namespace emeth::trainer
