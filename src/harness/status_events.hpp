// Counts the contract's Status events of a JOB. Io thread only.
#pragma once

#include "chain/chain.hpp"
#include "runtime/result.hpp"
#include "runtime/task.hpp"

namespace emeth::harness {

/// An Error unless the JOB became PROCESSING, SUBMITTED and VERIFIED exactly once each.
Task<Result<void>> check_one_life(chain::Chain& chain, JobId job);

}  // namespace emeth::harness
