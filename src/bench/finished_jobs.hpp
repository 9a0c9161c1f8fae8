// JOBs for measurements of the store: whole lives, made by the state machine itself from a number.
#pragma once

#include <cstdint>
#include <vector>

#include "statemachine/job.hpp"
#include "storage/job_store.hpp"

namespace emeth::bench {

struct Life {
    statemachine::Job job;
    std::vector<storage::HistoryEntry> history;
    std::vector<storage::OutboxEntry> transactions;
};

/// Verified: approve, process and submit transactions with nonces from 3 * `number`, six checkpoints, 21 history
/// entries. Ids rise with `number`; hashes are drawn from it, so that they compress as little as real ones.
Life finished_life(std::uint64_t number);

/// What the chain knows of an active JOB.
struct ActiveTerms {
    JobId id;
    Address owner, worker;
    Wei fee, deposit;
    std::int64_t requested_at_unix_s = 0, deadline_unix_s = 0;
    statemachine::TxRef process;  ///< confirmed
};

/// In training under a lease of `worker`, with a checkpoint; without transactions.
Life active_life(const ActiveTerms& terms);

}  // namespace emeth::bench
