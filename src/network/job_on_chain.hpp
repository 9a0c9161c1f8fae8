// A JOB as the contract has it now, for the servers that answer by it.
//
// network/ is the network that nodes work for: the two HTTP servers, the verifier, the requester, and the devnet, which
// starts all of them over a chain of its own. Nothing here may know of nodes.
#pragma once

#include <optional>

#include "chain/chain.hpp"
#include "runtime/result.hpp"
#include "runtime/task.hpp"
#include "statemachine/types.hpp"

namespace emeth::network {

struct JobOnChain {
    JobId id;
    chain::JobRecord record;
    chain::JobDetails details;
    chain::JobAssign assign;
};

/// None: there is no such JOB.
Task<Result<std::optional<JobOnChain>>> read_job(chain::Chain& chain, JobId id);

}  // namespace emeth::network
