// Fills a new store quickly: with a dump, or for measurements that need a long history. Not for use by a node: until
// finish() has returned, a power cut may lose what was added.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string_view>

#include "runtime/result.hpp"
#include "storage/job_store.hpp"
#include "storage/notes.hpp"

namespace emeth::storage {

struct Platform;

/// Not thread-safe. Fastest when ids and nonces are added in ascending order.
class BulkLoad {
public:
    /// No other process may have the store open; it is created if missing.
    static Result<std::unique_ptr<BulkLoad>> open(const std::filesystem::path& folder);
    /// On another platform (storage/rocks_database.hpp).
    static Result<std::unique_ptr<BulkLoad>> open(const std::filesystem::path& folder, const Platform& platform);
    BulkLoad(const BulkLoad&) = delete;
    BulkLoad& operator=(const BulkLoad&) = delete;
    ~BulkLoad();

    /// `history` must lead to `job`, as verify() would check; `job` must not be in the store yet.
    Result<void> add(const statemachine::Job& job, std::span<const HistoryEntry> history,
                     const std::vector<OutboxEntry>& transactions);
    /// The same in parts, for histories of any length.
    Result<void> add_entry(const JobId& id, const HistoryEntry& entry);
    Result<void> add_record(const statemachine::Job& job);
    /// Its replacements are added one by one, and not looked at here.
    Result<void> add_transaction(const OutboxEntry& entry);
    /// `number`: from 1, in the order of signing.
    Result<void> add_replacement(std::uint64_t nonce, std::uint32_t number, const Replacement& replacement);
    Result<void> add_cursor(std::string_view key, std::string_view value);
    /// Oldest first.
    Result<void> add_refusal(const RefusedJob& refusal);
    /// Writes what is still buffered, and syncs.
    Result<void> finish();

private:
    struct Impl;
    explicit BulkLoad(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace emeth::storage
