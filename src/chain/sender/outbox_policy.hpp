// Decisions based on the outbox and the chain's transaction count, that is, the number of nonces used up. Pure.
#pragma once

#include <cstdint>
#include <vector>

#include "chain/chain.hpp"
#include "runtime/result.hpp"
#include "storage/outbox.hpp"

namespace emeth::chain {

/// The nonce after every durable entry and after everything that the chain has seen: none is ever used for two intents,
/// even if mined entries are not marked yet, the count lags, or the wallet is used elsewhere.
std::uint64_t next_nonce(std::uint64_t after_outbox, std::uint64_t transaction_count);

/// Sum of the deposits whose process transaction is not mined: neither marked as such nor
/// covered by the transaction count.
Wei unmined_deposits(const std::vector<storage::OutboxEntry>& pending, std::uint64_t transaction_count);

/// What a deposit that is signed now will find approved, EMT wei: `shown` by the chain, as the open entries
/// (open_entries.hpp) change it in the order of their nonces. Deposits that the chain has taken and nobody has marked
/// are deducted again, because an endpoint that lags may show the allowance before them. Error, a permanent one: an
/// approve whose bytes are none.
Result<Wei> allowance_left(Wei shown, const std::vector<storage::OutboxEntry>& open, std::uint64_t transaction_count);

/// The entries that the chain has not taken yet, by nonce.
std::vector<storage::OutboxEntry> untaken(const std::vector<storage::OutboxEntry>& entries,
                                          std::uint64_t transaction_count);

/// The nonces in [transaction_count, after_outbox) that `pending` lacks, at most the `nonces_max` lowest: a
/// reorganisation undid entries that were marked as mined, and they must be sent again as well.
std::vector<std::uint64_t> missing_nonces(const std::vector<storage::OutboxEntry>& pending,
                                          std::uint64_t transaction_count, std::uint64_t after_outbox,
                                          std::size_t nonces_max);

/// The entry of a transaction whose effect is confirmed.
storage::OutboxEntry marked_mined(storage::OutboxEntry entry, const Receipt& receipt);

/// The entry whose nonce was taken by a foreign transaction, as seen at block `noticed_at`: done, without effect.
storage::OutboxEntry marked_taken(storage::OutboxEntry entry, std::uint64_t noticed_at);

/// Blocks on top of a transaction after which run() marks an entry as mined that nobody else has marked: an approve at
/// once, since no JOB waits for it; others later, since their JOB's commit should come first.
std::uint64_t settle_margin_blocks(storage::TxKind kind);

}  // namespace emeth::chain
