// The JOBs that were requested from a contract lately, as a stream to try policies on.
#pragma once

#include <cstdint>

#include "node/core/config.hpp"
#include "runtime/result.hpp"
#include "runtime/task.hpp"
#include "simulation/policy/job_stream.hpp"

namespace emeth::cli {

/// From the logs of the newest `blocks` blocks, read in bounded ranges; the terms from the contract, the sizes from the
/// Storage API. JOBs whose dataset is not there any more are left out, and counted on stderr. Shows its progress there.
Task<Result<simulation::JobStream>> record_stream(node::NodeConfig config, std::uint64_t blocks);

}  // namespace emeth::cli
