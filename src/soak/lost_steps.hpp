// Counts the optimiser steps that were done twice because a kill took what no checkpoint held.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "statemachine/types.hpp"
#include "storage/job_store.hpp"

namespace emeth::soak {

/// A step that a trainer was seen to have done. `seen_at_unix_ms` is wall time, as histories have it.
struct SeenStep {
    std::int64_t seen_at_unix_ms = 0;
    std::uint64_t step = 0;
};
using SeenSteps = std::map<JobId, std::vector<SeenStep>>;  ///< in the order of time

/// For one JOB, the sum over all trainers that began (TrainingResumed in the history, at step 0 as well) of the highest
/// step known before (`seen`, a checkpoint, the step an earlier trainer began at) less the step it began at. A lower
/// bound: a trainer reports a step at most every 250 ms, and what it did after its last report is not counted, which is
/// less than a second's steps per kill.
std::uint64_t steps_trained_twice(const std::vector<storage::HistoryEntry>& history, const std::vector<SeenStep>& seen);

}  // namespace emeth::soak
