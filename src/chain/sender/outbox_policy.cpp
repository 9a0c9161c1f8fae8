#include "chain/sender/outbox_policy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>

#include "chain/amount.hpp"
#include "chain/encoding/emeth_core.hpp"
#include "chain/encoding/transaction.hpp"

namespace emeth::chain {

using storage::OutboxEntry;
using storage::TxKind;

std::uint64_t next_nonce(std::uint64_t after_outbox, std::uint64_t transaction_count) {
    return std::max(after_outbox, transaction_count);
}

Wei unmined_deposits(const std::vector<OutboxEntry>& pending, std::uint64_t transaction_count) {
    Wei sum;
    for (const OutboxEntry& entry : pending) {
        const bool unmined = entry.mined_block == 0 && entry.nonce >= transaction_count;
        if (entry.kind == TxKind::process && unmined) sum = saturating_sum(sum, entry.amount);
    }
    return sum;
}

Result<Wei> allowance_left(Wei shown, const std::vector<OutboxEntry>& open, std::uint64_t transaction_count) {
    Wei left = shown;
    for (const OutboxEntry& entry : open) {
        if (entry.kind == TxKind::process && entry.nonce < transaction_count)
            left = saturating_difference(left, entry.amount);
    }
    for (const OutboxEntry& entry : untaken(open, transaction_count)) {
        if (entry.kind == TxKind::process) left = saturating_difference(left, entry.amount);
        if (entry.kind != TxKind::approve) continue;
        const Result<DecodedTransaction> decoded = decode_transaction(entry.raw);
        if (decoded.has_error()) return in_context(fmt::format("outbox, nonce {}", entry.nonce), decoded.error());
        const std::optional<Wei> amount = approved_amount(decoded->transaction.data);
        if (!amount) return permanent_error(fmt::format("outbox, nonce {}: this is no approve", entry.nonce));
        left = *amount;
    }
    return left;
}

std::vector<OutboxEntry> untaken(const std::vector<OutboxEntry>& entries, std::uint64_t transaction_count) {
    std::vector<OutboxEntry> left;
    std::copy_if(entries.begin(), entries.end(), std::back_inserter(left),
                 [&](const OutboxEntry& entry) { return entry.nonce >= transaction_count; });
    std::sort(left.begin(), left.end(), [](const auto& a, const auto& b) { return a.nonce < b.nonce; });
    return left;
}

std::vector<std::uint64_t> missing_nonces(const std::vector<OutboxEntry>& pending, std::uint64_t transaction_count,
                                          std::uint64_t after_outbox, std::size_t nonces_max) {
    std::set<std::uint64_t> present;
    for (const OutboxEntry& entry : pending) present.insert(entry.nonce);
    std::vector<std::uint64_t> missing;
    for (std::uint64_t nonce = transaction_count; nonce < after_outbox && missing.size() < nonces_max; ++nonce) {
        if (!present.contains(nonce)) missing.push_back(nonce);
    }
    return missing;
}

OutboxEntry marked_mined(OutboxEntry entry, const Receipt& receipt) {
    entry.mined_block = receipt.block;
    entry.succeeded = receipt.succeeded;
    entry.mined_hash.reset();
    if (receipt.transaction != entry.hash && entry.has_variant(receipt.transaction))
        entry.mined_hash = receipt.transaction;
    return entry;
}

OutboxEntry marked_taken(OutboxEntry entry, std::uint64_t noticed_at) {
    entry.mined_block = noticed_at;
    entry.succeeded = false;
    return entry;
}

std::uint64_t settle_margin_blocks(TxKind kind) {
    constexpr std::uint64_t for_the_job = 32;
    return kind == TxKind::approve ? 0 : for_the_job;
}

}  // namespace emeth::chain
