// Which transactions of the outbox a JOB's history speaks of.
#pragma once

#include <vector>

#include "storage/job_store.hpp"

namespace emeth::storage {

struct SignedTransaction {
    TxKind kind = TxKind::other;
    statemachine::TxRef transaction;  ///< as it was signed first
};

/// What the event of this entry signed and put into the outbox; nothing if it was rejected, since then nothing was.
std::vector<SignedTransaction> transactions_of(const HistoryEntry& entry);

}  // namespace emeth::storage
