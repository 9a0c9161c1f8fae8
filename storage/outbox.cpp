// The transaction outbox.
#include "storage/outbox.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "storage/keys.hpp"
#include "storage/record_codec.hpp"
#include "storage/rocks_store.hpp"

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

std::vector<Hash256> OutboxEntry::hashes() const {
    std::vector<Hash256> all{hash};
    for (const Replacement& replacement : replacements) all.push_back(replacement.hash);
    return all;
}

bool OutboxEntry::has_variant(const Hash256& wanted) const {
    const std::vector<Hash256> all = hashes();
    return std::ranges::find(all, wanted) != all.end();
}

const std::vector<std::uint8_t>& OutboxEntry::newest_raw() const {
    return replacements.empty() ? raw : replacements.back().raw;
}

Result<std::unique_ptr<Outbox>> Outbox::open(const std::filesystem::path& folder, OpenMode mode) {
    auto database = open_database(folder, mode, Platform{});
    if (database.has_error()) return database.error();
    return std::unique_ptr<Outbox>(new RocksOutbox(std::move(*database)));
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

Result<std::vector<OutboxEntry>> RocksOutbox::pending() {
    std::vector<OutboxEntry> entries;
    const auto scanned = database_->scan(Family::meta, pending_prefix, [&](auto key, auto) -> Result<bool> {
        const auto nonce = number_of_key(key.substr(pending_prefix.size()));
        if (!nonce) return permanent_error("the key names no nonce: the store is damaged");
        Result<std::optional<OutboxEntry>> entry = find(*nonce);
        if (entry.has_error()) return entry.error();
        if (!*entry) return permanent_error("the nonce is not in the outbox: the store is damaged");
        // It may have been mined since the scan began.
        if ((*entry)->mined_block == 0) entries.push_back(std::move(**entry));
        return true;
    });
    if (scanned.has_error()) return scanned.error();
    return entries;
}

Result<std::vector<OutboxEntry>> RocksOutbox::all() {
    std::map<std::uint64_t, std::vector<Replacement>> replacements;
    const auto read = database_->scan(Family::meta, replacement_prefix, [&](auto, auto payload) -> Result<bool> {
        Result<NumberedReplacement> next = decode_replacement(payload);
        if (next.has_error()) return next.error();
        replacements[next->nonce].push_back(std::move(next->replacement));
        return true;
    });
    if (read.has_error()) return read.error();
    std::vector<OutboxEntry> entries;
    const auto scanned = database_->scan(Family::outbox, {}, [&](auto, auto payload) -> Result<bool> {
        Result<OutboxEntry> entry = decode_outbox(payload);
        if (entry.has_error()) return entry.error();
        entry->replacements = std::move(replacements[entry->nonce]);
        entries.push_back(std::move(*entry));
        return true;
    });
    if (scanned.has_error()) return scanned.error();
    return entries;
}

Result<std::optional<OutboxEntry>> RocksOutbox::find(std::uint64_t nonce) {
    const auto payload = database_->get(Family::outbox, number_key(nonce));
    if (payload.has_error()) return payload.error();
    if (!*payload) return std::optional<OutboxEntry>{};
    Result<OutboxEntry> entry = decode_outbox(**payload);
    if (!entry) return in_context(fmt::format("outbox, nonce {}", nonce), entry.error());
    Result<std::vector<Replacement>> replacements = replacements_of(nonce);
    if (replacements.has_error()) return replacements.error();
    entry->replacements = std::move(*replacements);
    return std::optional<OutboxEntry>{std::move(*entry)};
}

Result<std::vector<Replacement>> RocksOutbox::replacements_of(std::uint64_t nonce) {
    std::vector<Replacement> found;
    const auto scanned =
        database_->scan(Family::meta, replacements_of_nonce(nonce), [&](auto, auto payload) -> Result<bool> {
            Result<NumberedReplacement> next = decode_replacement(payload);
            if (next.has_error()) return next.error();
            found.push_back(std::move(next->replacement));
            return true;
        });
    if (scanned.has_error()) return scanned.error();
    return found;
}

Result<std::optional<std::uint64_t>> RocksOutbox::last_nonce() {
    if (const Result<void> ready = database_->make_writable(); ready.has_error()) return ready.error();
    const auto last = database_->last_key(Family::outbox, {});
    if (last.has_error()) return last.error();
    if (!*last) return std::optional<std::uint64_t>{};
    const auto nonce = number_of_key(**last);
    if (!nonce)
        return permanent_error(fmt::format("key {} names no nonce: the store is damaged", printable_key(**last)));
    return nonce;
}

/// Each replacement has its own key, so that it is written without rewriting the entry, which a JOB may be marking as
/// mined at the same time.
Result<void> RocksOutbox::add_replacement(std::uint64_t nonce, const Replacement& replacement) {
    if (const Result<void> ready = database_->make_writable(); ready.has_error()) return ready.error();
    const auto entry = database_->get(Family::outbox, number_key(nonce));
    if (entry.has_error()) return entry.error();
    if (!*entry)
        return permanent_error(fmt::format("nonce {} is not in the outbox: there is nothing to replace", nonce));
    const Result<std::vector<Replacement>> earlier = replacements_of(nonce);
    if (earlier.has_error()) return earlier.error();
    const auto number = static_cast<std::uint32_t>(earlier->size() + 1);
    Batch batch;
    batch.put(Family::meta, replacement_key(nonce, number), encode_replacement({nonce, number, replacement}));
    return database_->write(batch, Durability::synced);
}

Result<void> RocksOutbox::put(const std::vector<OutboxEntry>& entries) {
    Batch batch;
    put_outbox(batch, entries);
    return database_->write(batch, Durability::synced);
}

}  // namespace emeth::storage
