// What is still open between the outbox and the chain.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "runtime/result.hpp"
#include "storage/outbox.hpp"

namespace emeth::chain {

/// Entries that a reorganisation undid, at once: an endpoint that forgot everything does not make us read, and send
/// again, the whole history.
inline constexpr std::size_t undone_entries_max = 256;

/// The pending entries, and those that were marked as mined and then undone by a reorganisation, as the transaction
/// count shows; of these the lowest nonces. Blocks.
Result<std::vector<storage::OutboxEntry>> open_entries(storage::Outbox& outbox, std::uint64_t transaction_count);

/// Whether one of the newest entries is a process of this JOB that reverted. Blocks.
Result<bool> has_reverted_process(storage::Outbox& outbox, const JobId& job);

}  // namespace emeth::chain
