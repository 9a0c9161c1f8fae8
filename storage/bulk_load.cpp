#include "storage/bulk_load.hpp"

#include <utility>

#include "storage/keys.hpp"
#include "storage/record_codec.hpp"
#include "storage/rocks_store.hpp"

namespace emeth::storage {

namespace {

constexpr std::size_t batch_bytes = 1 << 20;

}  // namespace

struct BulkLoad::Impl {
    std::unique_ptr<RocksDatabase> database;
    Batch batch;
    std::uint64_t next_refusal = 0;

    Result<void> write(Durability durability) { return database->write(std::exchange(batch, {}), durability); }
    Result<void> write_if_full() {
        if (batch.bytes() < batch_bytes) return {};
        return write(Durability::unsynced);
    }
};

BulkLoad::BulkLoad(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
BulkLoad::~BulkLoad() = default;

Result<std::unique_ptr<BulkLoad>> BulkLoad::open(const std::filesystem::path& folder) {
    return open(folder, Platform{});
}

Result<std::unique_ptr<BulkLoad>> BulkLoad::open(const std::filesystem::path& folder, const Platform& platform) {
    auto impl = std::make_unique<Impl>();
    auto database = RocksDatabase::open(folder, OpenMode::read_write, platform);
    if (database.has_error()) return database.error();
    impl->database = std::move(*database);
    impl->batch.put(Family::meta, schema_key, {});
    return std::unique_ptr<BulkLoad>(new BulkLoad(std::move(impl)));
}

Result<void> BulkLoad::add(const statemachine::Job& job, std::span<const HistoryEntry> history,
                           const std::vector<OutboxEntry>& transactions) {
    for (const HistoryEntry& entry : history)
        if (const Result<void> added = add_entry(job.terms.id, entry); added.has_error()) return added;
    for (const OutboxEntry& entry : transactions)
        if (const Result<void> added = add_transaction(entry); added.has_error()) return added;
    return add_record(job);
}

Result<void> BulkLoad::add_entry(const JobId& id, const HistoryEntry& entry) {
    impl_->batch.put(Family::history, history_key(id, entry.sequence), encode_history(entry));
    return impl_->write_if_full();
}

/// The index of active JOBs receives what a JOB's life would leave in it: an entry, or its tombstone.
Result<void> BulkLoad::add_record(const statemachine::Job& job) {
    const JobId& id = job.terms.id;
    impl_->batch.put(Family::jobs, job_key(id), encode_job(job));
    impl_->batch.put(Family::meta, active_key(id), {});
    if (statemachine::is_end(job.state)) impl_->batch.erase(Family::meta, active_key(id));
    return impl_->write_if_full();
}

Result<void> BulkLoad::add_transaction(const OutboxEntry& entry) {
    put_outbox(impl_->batch, {entry});
    return impl_->write_if_full();
}

Result<void> BulkLoad::add_replacement(std::uint64_t nonce, std::uint32_t number, const Replacement& replacement) {
    impl_->batch.put(Family::meta, replacement_key(nonce, number), encode_replacement({nonce, number, replacement}));
    return impl_->write_if_full();
}

Result<void> BulkLoad::add_cursor(std::string_view key, std::string_view value) {
    impl_->batch.put(Family::cursors, key, encode_cursor(value));
    return impl_->write_if_full();
}

Result<void> BulkLoad::add_refusal(const RefusedJob& refusal) {
    impl_->batch.put(Family::meta, refusal_key(impl_->next_refusal++), encode_refusal(refusal));
    return impl_->write_if_full();
}

Result<void> BulkLoad::finish() {
    if (const Result<void> written = impl_->write(Durability::synced); written.has_error()) return written;
    return impl_->database->flush();
}

}  // namespace emeth::storage
