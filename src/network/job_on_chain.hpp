// The contract's current record of a JOB, for the servers whose responses depend on it.
//
// network/ is the network that nodes work for: the two HTTP servers, the verifier, the requester, and the devnet, which
// runs all of them on a chain of its own. Nothing here may depend on nodes.
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

/// None when there is no such JOB.
Task<Result<std::optional<JobOnChain>>> read_job(chain::Chain& chain, JobId id);

}  // namespace emeth::network
