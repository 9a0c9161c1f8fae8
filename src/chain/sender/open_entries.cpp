#include "chain/sender/open_entries.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "chain/sender/outbox_policy.hpp"

namespace emeth::chain {

using storage::OutboxEntry;

Result<std::vector<OutboxEntry>> open_entries(storage::Outbox& outbox, std::uint64_t transaction_count) {
    Result<std::vector<OutboxEntry>> entries = outbox.pending();
    if (!entries) return entries;
    const Result<std::optional<std::uint64_t>> last = outbox.last_nonce();
    if (last.has_error()) return last.error();
    const std::uint64_t after_outbox = *last ? **last + 1 : 0;
    for (const std::uint64_t nonce : missing_nonces(*entries, transaction_count, after_outbox, undone_entries_max)) {
        Result<std::optional<OutboxEntry>> entry = outbox.find(nonce);
        if (entry.has_error()) return entry.error();
        if (*entry) entries->push_back(std::move(**entry));
    }
    return entries;
}

Result<bool> has_reverted_process(storage::Outbox& outbox, const JobId& job) {
    constexpr std::uint64_t entries_max = 256;
    const Result<std::optional<std::uint64_t>> last = outbox.last_nonce();
    if (last.has_error()) return last.error();
    if (!*last) return false;
    const std::uint64_t end = **last + 1;
    for (std::uint64_t nonce = end - std::min(end, entries_max); nonce < end; ++nonce) {
        const Result<std::optional<OutboxEntry>> entry = outbox.find(nonce);
        if (entry.has_error()) return entry.error();
        if (*entry && (*entry)->kind == storage::TxKind::process && (*entry)->job == job &&
            (*entry)->mined_block != 0 && !(*entry)->succeeded)
            return true;
    }
    return false;
}

}  // namespace emeth::chain
