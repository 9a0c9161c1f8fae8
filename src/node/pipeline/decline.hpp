// Gives back a JOB with a locked deposit, at the cost of the penalty that the contract takes. Io thread only.
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

    /// Signs the decline, unless another program with this wallet's key has already declined.
    Task<Result<void>> sign();
    /// Returns once the decline is final.
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
