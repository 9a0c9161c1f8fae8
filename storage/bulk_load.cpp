#include "storage/bulk_load.hpp"

#include <utility>

#include "storage/keys.hpp"
#include "storage/record_codec.hpp"
#include "storage/rocks_store.hpp"

namespace emeth::storage {

namespace {

constexpr std::size_t jobs_per_batch = 250;  // about 1 MB

}  // namespace

struct BulkLoad::Impl {
    std::unique_ptr<RocksDatabase> database;
    Batch batch;
    std::size_t jobs_in_batch = 0;

    Result<void> write(Durability durability) {
        const Batch full = std::exchange(batch, {});
        jobs_in_batch = 0;
        return database->write(full, durability);
    }
};

BulkLoad::BulkLoad(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
BulkLoad::~BulkLoad() = default;

Result<std::unique_ptr<BulkLoad>> BulkLoad::open(const std::filesystem::path& folder) {
    auto impl = std::make_unique<Impl>();
    auto database = RocksDatabase::open(folder, OpenMode::read_write);
    if (database.has_error()) return database.error();
    impl->database = std::move(*database);
    impl->batch.put(Family::meta, schema_key, {});
    return std::unique_ptr<BulkLoad>(new BulkLoad(std::move(impl)));
}

/// The index of active JOBs receives what a JOB's life would leave in it: an entry, or its tombstone.
Result<void> BulkLoad::add(const statemachine::Job& job, std::span<const HistoryEntry> history,
                           const std::vector<OutboxEntry>& transactions) {
    const JobId& id = job.terms.id;
    impl_->batch.put(Family::jobs, job_key(id), encode_job(job));
    for (const HistoryEntry& entry : history)
        impl_->batch.put(Family::history, history_key(id, entry.sequence), encode_history(entry));
    impl_->batch.put(Family::meta, active_key(id), {});
    if (statemachine::is_end(job.state)) impl_->batch.erase(Family::meta, active_key(id));
    put_outbox(impl_->batch, transactions);
    if (++impl_->jobs_in_batch < jobs_per_batch) return {};
    return impl_->write(Durability::unsynced);
}

Result<void> BulkLoad::finish() {
    return impl_->write(Durability::synced);
}

}  // namespace emeth::storage
