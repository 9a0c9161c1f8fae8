// discovered → accepted: the final check before the deposit, then process, as one pair with an approve where that is
// needed. Io thread only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "chain/chain.hpp"
#include "node/market/preflight.hpp"
#include "node/pipeline/job_journal.hpp"
#include "node/pipeline/job_transactions.hpp"

namespace emeth::node {

class Deposit {
public:
    struct Ports {
        chain::Chain& chain;
        chain::TransactionSender& sender;
        storage::Outbox& outbox;
        BlockingPool& pool;
        Preflight& preflight;
        JobJournal& journal;
        JobTransactions& transactions;
    };
    /// All ports must outlive it.
    Deposit(Ports ports, Address core, Address token) : ports_(ports), core_(core), token_(token) {}

    /// Signs the transactions, or ends the JOB if the chain has already decided it.
    Task<Result<void>> sign();
    /// Returns once the process transaction is final. If no deposit is locked, checks what became of the JOB before
    /// trying again.
    Task<Result<void>> await();

private:
    Task<Result<void>> wait_or_skip(std::string reason);
    Task<Result<std::optional<std::string>>> other_in_pool();
    Task<Result<std::optional<Fact>>> find_end(chain::JobRecord record);
    Task<Result<std::optional<Fact>>> own_process(chain::JobRecord record);
    Task<Result<void>> commit_signed(std::vector<storage::OutboxEntry> entries);
    Task<Result<void>> check_disproof(TxEnding ending);
    [[nodiscard]] const JobId& id() const { return ports_.journal.id(); }
    [[nodiscard]] const Address& self() const { return ports_.sender.address(); }

    Ports ports_;
    Address core_, token_;
    std::uint32_t process_reverts_ = 0;
};

}  // namespace emeth::node
