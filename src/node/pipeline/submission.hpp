// training → submitted: the name of the result goes on chain. Io thread only.
#pragma once

#include <vector>

#include "node/pipeline/job_journal.hpp"
#include "node/pipeline/job_transactions.hpp"

namespace emeth::node {

class Submission {
public:
    /// Both must outlive it.
    Submission(JobJournal& journal, JobTransactions& transactions) : journal_(journal), transactions_(transactions) {}

    Task<Result<void>> sign();
    /// Returns once the submit is final.
    Task<Result<void>> await();

private:
    Task<Result<void>> commit_signed(std::vector<storage::OutboxEntry> entries);

    JobJournal& journal_;
    JobTransactions& transactions_;
};

}  // namespace emeth::node
