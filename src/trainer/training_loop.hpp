// The one training loop.
#pragma once

#include <cstdint>

#include "runtime/result.hpp"
#include "statemachine/types.hpp"
#include "trainer/checkpoint.hpp"
#include "trainer/checkpoint_writer.hpp"
#include "trainer/compute.hpp"
#include "trainer/plan.hpp"
#include "trainer/reporter.hpp"
#include "trainer/token_file.hpp"

namespace emeth::trainer {

struct TrainingSetup {
    JobId job;
    Preset preset;
    Plan plan;
    Compute compute;
    std::uint32_t checkpoint_interval_ms = 0;  ///< 0: the best by what a checkpoint costs (checkpoint_interval.hpp)
};

/// Takes `state` from its step to the last one. The result is a function of the JOB, the dataset and the number of
/// threads, wherever the run was interrupted. Errors: a checkpoint cannot be written; the loss is no number any more
/// (permanent).
Result<void> train(const TrainingSetup& setup, const ParameterLayout& layout, const TokenFile& tokens,
                   TrainingState& state, CheckpointWriter& checkpoints, Reporter& reporter);

}  // namespace emeth::trainer
