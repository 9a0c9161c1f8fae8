// The room of a node's durable memory: JOB records with their history, the transaction outbox and notes, in RocksDB.
// What belongs here is what must survive a power cut: its record (storage/records.proto), its key and its port.
// Decisions about it stay in statemachine/ and with the callers. Values carry a checksum and a schema version.
//
//     auto store = storage::NodeStore::open(folder, storage::OpenMode::read_write);
//     if (store.has_error()) return store.error();
//     auto active = (*store)->jobs().active();
#pragma once

#include <filesystem>
#include <memory>

#include "storage/inspection.hpp"
#include "storage/job_store.hpp"
#include "storage/notes.hpp"
#include "storage/open_mode.hpp"
#include "storage/outbox.hpp"
#include "storage/write_counts.hpp"

namespace emeth::storage {

struct Platform;

/// Everything in one folder. Thread-safe; all calls block. The ports live as long as it does.
class NodeStore {
public:
    /// Errors: newer schema, damaged store, disk full and, in read_write mode, store in use; each message names the
    /// folder and the remedy.
    static Result<std::unique_ptr<NodeStore>> open(const std::filesystem::path& folder, OpenMode mode);
    /// On another platform (storage/rocks_database.hpp): for tests and the simulation.
    static Result<std::unique_ptr<NodeStore>> open(const std::filesystem::path& folder, OpenMode mode,
                                                   const Platform& platform);
    /// A transient Error while the disk is too full for opening the store in `folder` for writing.
    static Result<void> check_room(const std::filesystem::path& folder);
    NodeStore(const NodeStore&) = delete;
    NodeStore& operator=(const NodeStore&) = delete;
    ~NodeStore();

    JobStore& jobs();
    Outbox& outbox();
    Notes& notes();

    [[nodiscard]] WriteCounts write_counts() const;
    /// Why nothing can be written now. After a failed write it tries to open the store again, as the next write would.
    Result<void> check_writable();

    /// Everything in it at once. It lives as long as it likes.
    [[nodiscard]] Inspection inspection() const;

private:
    struct Parts;
    explicit NodeStore(std::unique_ptr<Parts> parts);
    std::unique_ptr<Parts> parts_;
};

}  // namespace emeth::storage
