// Reads many JOBs from the contract, several at once. Io thread only.
#pragma once

#include <vector>

#include "network/job_on_chain.hpp"
#include "runtime/task.hpp"
#include "storage/job_list.hpp"

namespace emeth::network {

struct ReadJobs {
    std::vector<storage::IndexedJob> found;
    std::vector<JobId> absent;
};

/// The current records of `jobs`. A JOB that cannot be read however often it is tried (a string longer than anybody
/// reads, say) is in neither list and stands in the log; an Error: the chain does not answer.
Task<Result<ReadJobs>> read_jobs(asio::any_io_executor executor, chain::Chain& chain, std::vector<JobId> jobs);

}  // namespace emeth::network
