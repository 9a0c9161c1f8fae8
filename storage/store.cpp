#include "storage/store.hpp"

#include "storage/keys.hpp"
#include "storage/rocks_store.hpp"

namespace emeth::storage {

/// The schema entry has no payload: its envelope carries the version, and reading a newer one is an error.
Result<Database> open_database(const std::filesystem::path& folder, OpenMode mode, const Platform& platform) {
    auto database = RocksDatabase::open(folder, mode, platform);
    if (database.has_error()) return database.error();
    const auto schema = (*database)->get(Family::meta, schema_key);
    if (schema.has_error()) return schema.error();
    if (!*schema && mode == OpenMode::read_write) {
        Batch batch;
        batch.put(Family::meta, schema_key, {});
        const Result<void> written = (*database)->write(batch, Durability::synced);
        if (written.has_error()) return written.error();
    }
    return Database(std::move(*database));
}

struct NodeStore::Parts {
    explicit Parts(Database opened) : database(std::move(opened)), jobs(database), outbox(database), notes(database) {}

    Database database;
    RocksJobStore jobs;
    RocksOutbox outbox;
    RocksNotes notes;
};

NodeStore::NodeStore(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
NodeStore::~NodeStore() = default;

Result<std::unique_ptr<NodeStore>> NodeStore::open(const std::filesystem::path& folder, OpenMode mode) {
    return open(folder, mode, Platform{});
}

Result<std::unique_ptr<NodeStore>> NodeStore::open(const std::filesystem::path& folder, OpenMode mode,
                                                   const Platform& platform) {
    auto database = open_database(folder, mode, platform);
    if (database.has_error()) return database.error();
    auto parts = std::make_unique<Parts>(std::move(*database));
    const Result<void> counted = parts->notes.count_refusals();
    if (counted.has_error()) return counted.error();
    return std::unique_ptr<NodeStore>(new NodeStore(std::move(parts)));
}

Result<void> NodeStore::check_room(const std::filesystem::path& folder) {
    return RocksDatabase::check_room(folder);
}

JobStore& NodeStore::jobs() {
    return parts_->jobs;
}

Outbox& NodeStore::outbox() {
    return parts_->outbox;
}

Notes& NodeStore::notes() {
    return parts_->notes;
}

WriteCounts NodeStore::write_counts() const {
    return parts_->database->write_counts();
}

Result<void> NodeStore::check_writable() {
    return parts_->database->make_writable();
}

Inspection NodeStore::inspection() const {
    return Inspection(parts_->database);
}

}  // namespace emeth::storage
