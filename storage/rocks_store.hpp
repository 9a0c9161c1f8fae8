// The three ports over one RocksDB. Internal to storage/ and its tests; everybody else includes store.hpp or the header
// of the port that they use.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <mutex>

#include "storage/rocks_database.hpp"
#include "storage/store.hpp"

namespace emeth::storage {

using Database = std::shared_ptr<RocksDatabase>;

/// Opened, and of a schema that this emeth can read.
Result<Database> open_database(const std::filesystem::path& folder, OpenMode mode, const Platform& platform);

// job_store.cpp
class RocksJobStore final : public JobStore {
public:
    explicit RocksJobStore(Database database) : database_(std::move(database)) {}

    Result<statemachine::Job> create(const statemachine::Discovered& discovered, std::int64_t at_unix_ms) override;
    Result<Applied> apply(const statemachine::Job& job, const statemachine::Event& event,
                          const SideWrites& side) override;
    Result<std::optional<statemachine::Job>> find(const JobId& id) override;
    Result<std::vector<statemachine::Job>> active() override;
    Result<void> for_each(const std::function<bool(const statemachine::Job&)>& visit) override;
    Result<std::vector<statemachine::Job>> page(const std::optional<JobId>& after, std::size_t count) override;
    Result<std::vector<HistoryEntry>> history(const JobId& id) override;
    Result<void> verify(const JobId& id) override;

private:
    Result<Applied> commit(const statemachine::Job& stored, const statemachine::Event& event, const SideWrites& side);
    Result<std::vector<HistoryEntry>> read_history(const JobId& id);
    std::mutex& writer_of(const JobId& id);

    /// A JOB's record is read and replaced under the lock of its stripe, so that no two commits for one JOB can follow
    /// the same record. Commits for JOBs in other stripes proceed and share the sync.
    static constexpr std::size_t stripes = 256;

    Database database_;
    std::array<std::mutex, stripes> writers_;
};

// outbox.cpp
class RocksOutbox final : public Outbox {
public:
    explicit RocksOutbox(Database database) : database_(std::move(database)) {}

    Result<std::vector<OutboxEntry>> pending() override;
    Result<std::vector<OutboxEntry>> all() override;
    Result<std::optional<OutboxEntry>> find(std::uint64_t nonce) override;
    Result<std::optional<std::uint64_t>> last_nonce() override;
    Result<void> put(const std::vector<OutboxEntry>& entries) override;
    Result<void> add_replacement(std::uint64_t nonce, const Replacement& replacement) override;

private:
    Result<std::vector<Replacement>> replacements_of(std::uint64_t nonce);

    Database database_;
};

// notes.cpp
class RocksNotes final : public Notes {
public:
    explicit RocksNotes(Database database) : database_(std::move(database)) {}
    /// Before the first refusal is put.
    Result<void> count_refusals();

    Result<std::optional<std::string>> cursor(std::string_view key) override;
    Result<void> set_cursor(std::string_view key, std::string_view value) override;
    Result<void> put_refusal(const RefusedJob& refusal) override;
    Result<std::vector<RefusedJob>> refusals() override;

private:
    Database database_;
    std::atomic<std::uint64_t> next_refusal_ = 0;
};

/// Adds `entries` and their keys in the index of those not yet mined.
void put_outbox(Batch& batch, const std::vector<OutboxEntry>& entries);

}  // namespace emeth::storage
