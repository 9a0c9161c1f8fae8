// RocksDB as the store uses it: five column families, synced batches, errors with a remedy. Internal to storage/.
#pragma once

#include <rocksdb/db.h>

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/result.hpp"
#include "storage/open_mode.hpp"
#include "storage/write_counts.hpp"

namespace emeth::storage {

enum class Family : std::uint8_t { jobs, history, outbox, cursors, meta };
std::string_view name(Family family);

/// One atomic change. It seals the values in their envelopes.
class Batch {
public:
    void put(Family family, std::string_view key, std::string_view payload);
    void erase(Family family, std::string_view key);
    /// Of keys and values.
    [[nodiscard]] std::size_t bytes() const { return bytes_; }

private:
    friend class RocksDatabase;
    struct Change {
        Family family;
        std::string key;
        std::optional<std::string> value;  ///< none: erase
    };
    std::vector<Change> changes_;
    std::size_t bytes_ = 0;
};

enum class Durability {
    synced,    ///< on the disk when the call returns; concurrent writers share a sync
    unsynced,  ///< may be lost in a power cut
};

/// What tests and the simulation replace.
struct Platform {
    rocksdb::Env* environment = rocksdb::Env::Default();  ///< RocksDB's access to the file system
    std::shared_ptr<rocksdb::Logger> info_log;            ///< none: RocksDB's own files, beside the data
    std::size_t write_buffer_bytes = 16 << 20;            ///< of each column family
    int opening_threads = 16;                             ///< used to read tables when the store is opened
};

/// One family from a key on, in key order, as it was when the reader was made. Not thread-safe; several read at once.
/// Key and value are valid until the next call. For reading much at once: it reads ahead, and fills no cache.
class FamilyReader {
public:
    FamilyReader(FamilyReader&&) noexcept;
    ~FamilyReader();

    void seek(std::string_view key);
    void next();
    /// False at the end, and after an error.
    [[nodiscard]] bool valid() const;
    [[nodiscard]] std::string_view key() const;
    /// In its envelope.
    [[nodiscard]] std::string_view value() const;
    /// Its payload. The Error names the key.
    [[nodiscard]] Result<std::string_view> payload() const;
    /// An Error of the disk.
    [[nodiscard]] Result<void> status() const;
    /// The same for an Error that was found in the payload.
    [[nodiscard]] Error damaged(const Error& damage) const;

private:
    friend class RocksDatabase;
    struct Impl;
    explicit FamilyReader(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

/// Thread-safe.
class RocksDatabase {
public:
    static Result<std::unique_ptr<RocksDatabase>> open(const std::filesystem::path& folder, OpenMode mode,
                                                       const Platform& platform = {});
    /// Opening replays the log into new tables, and RocksDB aborts the process where the disk is too full for them. The
    /// transient Error says what is needed; a new store needs nothing yet.
    static Result<void> check_room(const std::filesystem::path& folder, const Platform& platform = {});
    RocksDatabase(const RocksDatabase&) = delete;
    RocksDatabase& operator=(const RocksDatabase&) = delete;

    /// The payload, unsealed.
    Result<std::optional<std::string>> get(Family family, std::string_view key);

    /// All or nothing. After an error (a full disk), reading still works, and writes succeed again once the cause is
    /// gone; the failed write may then turn out to be durable after all.
    Result<void> write(const Batch& batch, Durability durability);

    /// Moves what is only in the log into tables, so that the next opening has nothing to replay.
    Result<void> flush();

    /// Call it before reading anything that a write will be decided from: after a failed write, only then do reads show
    /// whether that write became durable. Error: nothing can be written yet.
    Result<void> make_writable();

    /// Visits the keys that begin with `prefix` in key order until `visit` returns false or an error. `payload` and
    /// `key` are valid only during the call. Concurrent writes are not seen.
    using Visit = std::function<Result<bool>(std::string_view key, std::string_view payload)>;
    Result<void> scan(Family family, std::string_view prefix, const Visit& visit);

    enum class Direction { forward, backward };
    /// The same, but from `begin` on, which begins with `prefix`; the key `begin` itself is left out. Empty: from the
    /// first or the last key with `prefix`. For short visits: what it reads stays in the cache.
    Result<void> scan_from(Family family, std::string_view prefix, std::string_view begin, Direction direction,
                           const Visit& visit);

    /// Since it was opened.
    [[nodiscard]] WriteCounts write_counts() const { return {synced_writes_, failed_writes_}; }

    /// At the first key of the family; the database must outlive it.
    Result<FamilyReader> reader(Family family);

    /// The last key that begins with `prefix`.
    Result<std::optional<std::string>> last_key(Family family, std::string_view prefix);

    /// RocksDB's own estimate, without counting.
    Result<std::uint64_t> estimated_keys(Family family);

    /// What is wrong with a value, with the place where it is stored.
    [[nodiscard]] Error value_error(Family family, std::string_view key, const Error& damage) const;

private:
    friend class FamilyReader;
    /// An open RocksDB with its families; closed when its last user releases it.
    struct Opened {
        Opened() = default;
        ~Opened();
        Opened(const Opened&) = delete;
        Opened& operator=(const Opened&) = delete;
        [[nodiscard]] rocksdb::ColumnFamilyHandle* handle(Family family) const;

        std::unique_ptr<rocksdb::DB> database;
        std::vector<rocksdb::ColumnFamilyHandle*> handles;  ///< "default" first, then in the order of Family
    };

    RocksDatabase(std::filesystem::path folder, OpenMode mode, Platform platform)
        : folder_(std::move(folder)), mode_(mode), platform_(std::move(platform)) {}
    [[nodiscard]] rocksdb::Status open_once(std::shared_ptr<Opened>& opened) const;
    Result<std::shared_ptr<Opened>> use();
    Result<void> try_write(const Batch& batch, Durability durability);
    rocksdb::Status open_again();
    [[nodiscard]] bool has_space() const;
    [[nodiscard]] Error error(const rocksdb::Status& status) const;

    std::filesystem::path folder_;
    OpenMode mode_;
    Platform platform_;
    std::atomic<std::uint64_t> synced_writes_ = 0, failed_writes_ = 0;
    std::mutex recovery_;                     ///< one recovery at a time
    std::atomic<bool> write_failed_ = false;  ///< since it was opened: the outcome of that write is not known
    std::mutex mutex_;                        ///< guards opened_
    std::shared_ptr<Opened> opened_;          ///< empty: reopening failed; the next use tries again
};

}  // namespace emeth::storage
