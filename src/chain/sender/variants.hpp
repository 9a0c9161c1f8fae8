// The variants of one transaction: the one signed first, and those signed again with the same nonce at higher prices.
// The transaction took effect whichever of them is mined. Io thread only.
#pragma once

#include <optional>
#include <vector>

#include "chain/chain.hpp"
#include "runtime/blocking_pool.hpp"
#include "runtime/subject_log.hpp"
#include "storage/outbox.hpp"

namespace emeth::chain {

/// The hashes of all variants, oldest first, of the transaction that has `hash` among them. Only `hash` if the outbox
/// does not hold it under that nonce: another program with the same key sent it.
Task<Result<std::vector<Hash256>>> variants_of(storage::Outbox* outbox, BlockingPool* pool, std::uint64_t nonce,
                                               Hash256 hash);

/// For lines of the log about the transaction: it names its JOB, if it has one.
SubjectLog log_of(const storage::OutboxEntry& entry);

/// The receipt of the mined variant, if there is one: at most one can be mined.
Task<Result<std::optional<Receipt>>> receipt_of_any(Chain* chain, std::vector<Hash256> variants);

}  // namespace emeth::chain
