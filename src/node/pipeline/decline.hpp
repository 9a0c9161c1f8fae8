// Gives back a JOB with a locked deposit, at the cost of the penalty that the contract takes. Io thread only.
#pragma once

#include <vector>

#include "chain/chain.hpp"
#include "node/pipeline/end_reader.hpp"
#include "node/pipeline/job_journal.hpp"
#include "node/pipeline/job_transactions.hpp"

namespace emeth::node {

class Decline {
public:
    /// All must outlive it. `self`: the node's wallet.
    Decline(chain::Chain& chain, JobJournal& journal, JobTransactions& transactions, Address self)
        : chain_(chain),
          journal_(journal),
          transactions_(transactions),
          self_(self),
          ends_(chain, journal.id(), failed_reads_max) {}

    /// Signs the decline, unless another program with this wallet's key has already declined.
    Task<Result<void>> sign();
    /// Returns once the decline is final.
    Task<Result<void>> await();

private:
    static constexpr std::uint32_t failed_reads_max = 8;  ///< of the end's receipt, with a back-off between them

    Task<Result<void>> commit_signed(std::vector<storage::OutboxEntry> entries);
    Task<Result<void>> take_over(chain::StatusLog log);

    chain::Chain& chain_;
    JobJournal& journal_;
    JobTransactions& transactions_;
    Address self_;
    EndReader ends_;
};

}  // namespace emeth::node
