// The programs of emeth-trainer: train, help, check, generate, benchmark. They join the rooms of this folder; each room
// says in its main header what it is for (data/data_preparation.hpp, model/model.hpp, checkpoints/checkpoint.hpp,
// artifact/artifact.hpp, team/team.hpp, verification/check_artifact.hpp).
//
// This header: the one training loop, for JOBs, helpers and the verifier alike.
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
    std::uint32_t checkpoint_interval_ms = 0;  ///< 0: chosen by its cost (checkpoint_interval.hpp)
    std::uint64_t last_step = 0;               ///< where to stop: plan.steps_total, or a segment's end
};

/// Trains `state` from its step to setup.last_step; in between it is on the device that computes. The result depends
/// only on the JOB, the dataset and the number of threads, wherever the run was interrupted; the other members of
/// `team` change it by rounding at most. Errors: a checkpoint cannot be written; the loss is not finite (permanent); a
/// helper's leader is gone.
Result<void> train(const TrainingSetup& setup, const ParameterLayout& layout, const TokenFile& tokens,
                   TrainingState& state, StateKeeper& keeper, Team& team, Reporter& reporter);

}  // namespace emeth::trainer
