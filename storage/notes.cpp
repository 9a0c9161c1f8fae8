// What the store keeps beside the JOBs: the transaction outbox, cursors and refusals.
#include <fmt/format.h>

#include "storage/keys.hpp"
#include "storage/record_codec.hpp"
#include "storage/rocks_job_store.hpp"

namespace emeth::storage {

std::string_view name(TxKind kind) {
    switch (kind) {
        case TxKind::approve:
            return "approve";
        case TxKind::process:
            return "process";
        case TxKind::submit:
            return "submit";
        case TxKind::decline:
            return "decline";
        case TxKind::withdraw:
            return "withdraw";
        case TxKind::other:
            return "other";
    }
    return "unknown";
}

void put_outbox(Batch& batch, const std::vector<OutboxEntry>& entries) {
    for (const OutboxEntry& entry : entries) {
        batch.put(Family::outbox, number_key(entry.nonce), encode_outbox(entry));
        if (entry.mined_block == 0) {
            batch.put(Family::meta, pending_key(entry.nonce), {});
        } else {
            batch.erase(Family::meta, pending_key(entry.nonce));
        }
    }
}

Result<std::vector<OutboxEntry>> RocksJobStore::outbox_pending() {
    std::vector<OutboxEntry> entries;
    const auto scanned = database_->scan(Family::meta, pending_prefix, [&](auto key, auto) -> Result<bool> {
        const auto payload = database_->get(Family::outbox, key.substr(pending_prefix.size()));
        if (!payload) return payload.error();
        if (!*payload) return permanent_error("the nonce is not in the outbox: the store is damaged");
        Result<OutboxEntry> entry = decode_outbox(**payload);
        if (!entry) return entry.error();
        // It may have been mined since the scan began.
        if (entry->mined_block == 0) entries.push_back(std::move(*entry));
        return true;
    });
    if (!scanned) return scanned.error();
    return entries;
}

Result<std::vector<OutboxEntry>> RocksJobStore::outbox_all() {
    std::vector<OutboxEntry> entries;
    const auto scanned = database_->scan(Family::outbox, {}, [&](auto, auto payload) -> Result<bool> {
        Result<OutboxEntry> entry = decode_outbox(payload);
        if (!entry) return entry.error();
        entries.push_back(std::move(*entry));
        return true;
    });
    if (!scanned) return scanned.error();
    return entries;
}

Result<void> RocksJobStore::outbox_put(const std::vector<OutboxEntry>& entries) {
    Batch batch;
    put_outbox(batch, entries);
    return database_->write(batch, Durability::synced);
}

Result<std::optional<std::string>> RocksJobStore::cursor(std::string_view key) {
    const auto payload = database_->get(Family::cursors, key);
    if (!payload) return payload.error();
    if (!*payload) return std::optional<std::string>{};
    Result<std::string> value = decode_cursor(**payload);
    if (!value) return in_context(fmt::format("cursor {}", key), value.error());
    return std::optional<std::string>{std::move(*value)};
}

Result<void> RocksJobStore::set_cursor(std::string_view key, std::string_view value) {
    Batch batch;
    batch.put(Family::cursors, key, encode_cursor(value));
    return database_->write(batch, Durability::synced);
}

Result<void> RocksJobStore::count_refusals() {
    const auto last = database_->last_key(Family::meta, refusal_prefix);
    if (!last) return last.error();
    if (!*last) return {};
    const auto counter = number_of_key(std::string_view(**last).substr(refusal_prefix.size()));
    if (!counter) {
        return permanent_error(fmt::format("key {} names no refusal: the store is damaged", printable_key(**last)));
    }
    next_refusal_ = *counter + 1;
    return {};
}

/// Not synced: a refusal lost with the power is found again when the JOB is looked at again.
Result<void> RocksJobStore::put_refusal(const Refusal& refusal) {
    const std::uint64_t counter = next_refusal_++;
    Batch batch;
    batch.put(Family::meta, refusal_key(counter), encode_refusal(refusal));
    if (counter >= refusals_max) batch.erase(Family::meta, refusal_key(counter - refusals_max));
    return database_->write(batch, Durability::unsynced);
}

Result<std::vector<JobStore::Refusal>> RocksJobStore::refusals() {
    std::vector<Refusal> found;
    const auto scanned = database_->scan(Family::meta, refusal_prefix, [&](auto, auto payload) -> Result<bool> {
        Result<Refusal> refusal = decode_refusal(payload);
        if (!refusal) return refusal.error();
        found.push_back(std::move(*refusal));
        return true;
    });
    if (!scanned) return scanned.error();
    return found;
}

}  // namespace emeth::storage
