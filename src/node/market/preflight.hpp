// The last check before a deposit, as a JOB's pipeline sees it: a port, implemented by Prospector.
#pragma once

#include "chain/chain.hpp"
#include "node/market/selection.hpp"
#include "runtime/result.hpp"
#include "runtime/task.hpp"
#include "statemachine/job.hpp"

namespace emeth::node {

class Preflight {
public:
    virtual ~Preflight() = default;
    /// Repeats selection for a JOB that was chosen before: `record` is fresh, `terms` are what was read at that time.
    virtual Task<Result<Assessment>> assess_again(statemachine::Terms terms, chain::JobRecord record) = 0;
};

}  // namespace emeth::node
