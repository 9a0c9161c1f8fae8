// The way out of a JOB with a locked deposit: give it back, for the penalty that the contract takes. Io thread only.
#pragma once

#include <vector>

#include "chain/chain.hpp"
#include "node/pipeline/job_journal.hpp"
#include "node/pipeline/job_transactions.hpp"

namespace emeth::node {

class Decline {
public:
    /// All must outlive it. `self`: the node's wallet.
    Decline(chain::Chain& chain, JobJournal& journal, JobTransactions& transactions, Address self)
        : chain_(chain), journal_(journal), transactions_(transactions), self_(self) {}

    /// Signs it, unless another program with this wallet's key was first.
    Task<Result<void>> sign();
    /// Until the decline is final.
    Task<Result<void>> await();

private:
    Task<Result<void>> commit_signed(std::vector<storage::OutboxEntry> entries);
    Task<Result<void>> take_over(chain::StatusLog log);

    chain::Chain& chain_;
    JobJournal& journal_;
    JobTransactions& transactions_;
    Address self_;
};

}  // namespace emeth::node
