// The JOB's own transactions: signed and made durable in one step, then followed to their end on chain (mined in any
// variant, reverted, or disproved). The resulting outbox updates are committed together with the fact. Io thread only.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "chain/chain.hpp"
#include "chain/sender/transaction_sender.hpp"
#include "runtime/blocking_pool.hpp"
#include "statemachine/job.hpp"
#include "storage/job_store.hpp"

namespace emeth::node {

/// How a transaction ended, `confirmations` deep.
struct TxEnding {
    bool succeeded = false;
    bool proven = true;  ///< by a receipt or a log; else its nonce is used and the endpoint knows no such transaction
    statemachine::TxRef tx;    ///< the variant that was mined, and its block; if none was, unchanged from the caller's
    std::string reason;        ///< why it did not succeed
    storage::SideWrites side;  ///< its outbox entries, marked; to be committed with the fact
};

/// What a JOB's record keeps of a newly signed transaction.
statemachine::TxRef signed_tx(const storage::OutboxEntry& entry);

class JobTransactions {
public:
    struct Ports {
        chain::Chain& chain;
        chain::TransactionSender& sender;
        storage::Outbox& outbox;
        BlockingPool& pool;
    };
    /// All ports must outlive it. `core`: the contract that the JOB calls.
    JobTransactions(Ports ports, JobId job, Address core) : ports_(ports), job_(job), core_(core) {}

    /// Signs one contract call and broadcasts it once `commit` has made it durable.
    Task<Result<void>> send(storage::TxKind kind, chain::Bytes data, chain::TransactionSender::Commit commit);

    /// Waits until `tx` is final. `companions` are marked in the outbox together with it.
    Task<Result<TxEnding>> await_ending(statemachine::TxRef tx, std::vector<statemachine::TxRef> companions);
    Task<Result<TxEnding>> await_ending(statemachine::TxRef tx) { return await_ending(std::move(tx), no_companions()); }

private:
    static std::vector<statemachine::TxRef> no_companions() { return {}; }
    Task<Result<TxEnding>> ending_from_logs(statemachine::TxRef tx, std::string otherwise);
    Task<Result<storage::SideWrites>> settle(std::vector<statemachine::TxRef> transactions);

    Ports ports_;
    JobId job_;
    Address core_;
};

}  // namespace emeth::node
