// Puts JOBs on a devnet's chain, in a few seconds: open ones, and such that a node has in PROCESSING. Io thread only.
#pragma once

#include <cstdint>
#include <vector>

#include "bench/finished_jobs.hpp"
#include "network/devnet/devnet.hpp"
#include "runtime/result.hpp"
#include "runtime/task.hpp"

namespace emeth::bench {

/// What the store of `node` must hold of them: JOBs whose process transactions are mined, and all transactions of the
/// node since `first_nonce`.
struct ChainJobs {
    std::vector<ActiveTerms> jobs;
    std::vector<storage::OutboxEntry> transactions;
};

/// Gives `node` money and a past of `first_nonce` transactions, and lets it take `count` JOBs.
Task<Result<ChainJobs>> put_active_jobs(network::Devnet& devnet, Address node, std::uint64_t first_nonce,
                                        std::size_t count);

/// `count` JOBs that wait for a node.
Task<Result<std::vector<JobId>>> put_open_jobs(network::Devnet& devnet, std::size_t count);

}  // namespace emeth::bench
