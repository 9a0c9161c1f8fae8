// Calls the contract for the verifier, so that each JOB has one verdict, and none is paid for twice, wherever the
// process is killed: a call that was signed is durable and will be mined, so it is awaited before any other is made.
// Io thread only.
#pragma once

#include <string>
#include <vector>

#include "chain/sender/transaction_sender.hpp"
#include "runtime/blocking_pool.hpp"
#include "runtime/result.hpp"
#include "runtime/task.hpp"
#include "statemachine/types.hpp"
#include "storage/outbox.hpp"

namespace emeth::network {

/// All must outlive it. `outbox` is the sender's.
struct VerdictSenderPorts {
    chain::TransactionSender& sender;
    storage::Outbox& outbox;
    BlockingPool& pool;
};

class VerdictSender {
public:
    VerdictSender(VerdictSenderPorts ports, Address core) : ports_(ports), core_(core) {}

    /// Returns once the call about this JOB is confirmed, which an earlier process may have made. `what` names it:
    /// "verify". One at a time for each JOB. A transient Error: it reverted, or another call took effect before it.
    Task<Result<void>> call(JobId job, chain::Bytes data, std::string what);

private:
    Task<Result<std::vector<storage::OutboxEntry>>> earlier_calls(JobId job);

    VerdictSenderPorts ports_;
    Address core_;
};

}  // namespace emeth::network
