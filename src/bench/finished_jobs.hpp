// JOBs for measurements of the store: whole lives, each made from a number by the state machine itself.
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

/// A verified JOB: approve, process and submit transactions with nonces from 3 * `number`, six checkpoints, 21 history
/// entries. Ids rise with `number`; hashes are drawn from it, so that they compress no better than real ones.
Life finished_life(std::uint64_t number);

/// The same JOB in training, with one checkpoint.
Life training_life(std::uint64_t number);

/// What the chain knows of an active JOB.
struct ActiveTerms {
    JobId id;
    Address owner, worker;
    Wei fee, deposit;
    std::int64_t requested_at_unix_s = 0, deadline_unix_s = 0;
    statemachine::TxRef process;  ///< confirmed
};

/// A JOB in training under a lease of `worker`, with one checkpoint and without transactions.
Life active_life(const ActiveTerms& terms);

}  // namespace emeth::bench
