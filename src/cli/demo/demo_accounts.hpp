// The demo's money: who had what before and after, and whether it adds up to the wei. Io thread only.
#pragma once

#include <vector>

#include "chain/chain.hpp"
#include "harness/job_snapshot.hpp"
#include "runtime/result.hpp"
#include "runtime/task.hpp"

namespace emeth::cli {

struct Balances {
    Wei node_emt, node_alt, verifier_emt, requester_emt, core_emt;
};

struct DemoParties {
    Address node, verifier, requester, core;
};

Task<Result<Balances>> read_balances(chain::Chain& chain, DemoParties parties);

/// What the node's withdraw transactions minted for it, by the token's Transfer events in their receipts.
Task<Result<Wei>> rewards_of(chain::Chain& chain, std::vector<storage::OutboxEntry> transactions, Address node);

/// On chain: each JOB has exactly one PROCESSING, one SUBMITTED and one VERIFIED, and lost nothing.
Task<Result<void>> check_jobs_on_chain(chain::Chain& chain, const std::vector<harness::JobSnapshot>& jobs);

/// `before` was taken when the contract held the fees and the node had not started yet. EMT: node + (fee − verifier
/// fee) of each JOB + reward; verifier + its fees; the contract gave all fees away. ALT: the node paid exactly the gas
/// of its transactions.
Task<Result<void>> check_balances(chain::Chain& chain, const std::vector<harness::JobSnapshot>& jobs,
                                  std::vector<storage::OutboxEntry> transactions, Wei verifier_fee, Wei reward,
                                  Balances before, Balances after);

}  // namespace emeth::cli
