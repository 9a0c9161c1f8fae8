// The variants of one transaction: signed first, and signed again at higher prices with the same nonce. Whichever is
// mined, the transaction took effect. Io thread only.
#pragma once

#include <optional>
#include <vector>

#include "chain/chain.hpp"
#include "runtime/blocking_pool.hpp"
#include "storage/outbox.hpp"

namespace emeth::chain {

/// The hashes of all variants, oldest first, of the transaction that has `hash` among them. `hash` alone when the
/// outbox does not hold it under that nonce: another program with the same key sent it.
Task<Result<std::vector<Hash256>>> variants_of(storage::Outbox* outbox, BlockingPool* pool, std::uint64_t nonce,
                                               Hash256 hash);

/// The receipt of the one that is mined, if one is: at most one can be.
Task<Result<std::optional<Receipt>>> receipt_of_any(Chain* chain, std::vector<Hash256> variants);

}  // namespace emeth::chain
