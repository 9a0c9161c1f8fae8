// Cursors and refusals.
#include "storage/notes.hpp"

#include <fmt/format.h>

#include "storage/keys.hpp"
#include "storage/record_codec.hpp"
#include "storage/rocks_store.hpp"

namespace emeth::storage {

Result<std::optional<std::string>> RocksNotes::cursor(std::string_view key) {
    const auto payload = database_->get(Family::cursors, key);
    if (payload.has_error()) return payload.error();
    if (!*payload) return std::optional<std::string>{};
    Result<std::string> value = decode_cursor(**payload);
    if (!value) return in_context(fmt::format("cursor {}", key), value.error());
    return std::optional<std::string>{std::move(*value)};
}

Result<void> RocksNotes::set_cursor(std::string_view key, std::string_view value) {
    Batch batch;
    batch.put(Family::cursors, key, encode_cursor(value));
    return database_->write(batch, Durability::synced);
}

Result<void> RocksNotes::count_refusals() {
    const auto last = database_->last_key(Family::meta, refusal_prefix);
    if (last.has_error()) return last.error();
    if (!*last) return {};
    const auto counter = number_of_key(std::string_view(**last).substr(refusal_prefix.size()));
    if (!counter) {
        return permanent_error(fmt::format("key {} names no refusal: the store is damaged", printable_key(**last)));
    }
    next_refusal_ = *counter + 1;
    return {};
}

/// Not synced: a refusal lost in a power cut is recorded again the next time the JOB is assessed.
Result<void> RocksNotes::put_refusal(const RefusedJob& refusal) {
    const std::uint64_t counter = next_refusal_++;
    Batch batch;
    batch.put(Family::meta, refusal_key(counter), encode_refusal(refusal));
    if (counter >= refusals_max) batch.erase(Family::meta, refusal_key(counter - refusals_max));
    return database_->write(batch, Durability::unsynced);
}

Result<std::vector<RefusedJob>> RocksNotes::refusals() {
    std::vector<RefusedJob> found;
    const auto scanned = database_->scan(Family::meta, refusal_prefix, [&](auto, auto payload) -> Result<bool> {
        Result<RefusedJob> refusal = decode_refusal(payload);
        if (refusal.has_error()) return refusal.error();
        found.push_back(std::move(*refusal));
        return true;
    });
    if (scanned.has_error()) return scanned.error();
    return found;
}

}  // namespace emeth::storage
