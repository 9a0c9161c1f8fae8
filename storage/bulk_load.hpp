// Fills a store quickly with whole JOBs, for measurements that need a long history. Not for a node: what was added may
// be lost in a power cut until finish() has returned.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>

#include "runtime/result.hpp"
#include "storage/job_store.hpp"

namespace emeth::storage {

/// Not thread-safe. Fastest when ids and nonces are added in rising order.
class BulkLoad {
public:
    /// No other process may have the store open; it is created when missing.
    static Result<std::unique_ptr<BulkLoad>> open(const std::filesystem::path& folder);
    BulkLoad(const BulkLoad&) = delete;
    BulkLoad& operator=(const BulkLoad&) = delete;
    ~BulkLoad();

    /// `history` leads to `job`, as verify() would find; `job` is not in the store yet.
    Result<void> add(const statemachine::Job& job, std::span<const HistoryEntry> history,
                     const std::vector<OutboxEntry>& transactions);
    /// Writes what is still buffered, and syncs.
    Result<void> finish();

private:
    struct Impl;
    explicit BulkLoad(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace emeth::storage
