// The transaction outbox: every transaction that a wallet signed, made durable before it was first broadcast. A program
// that only sends transactions needs only this port of the store. All calls block (the node makes them on the blocking
// pool) and are thread-safe.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "runtime/result.hpp"
#include "statemachine/types.hpp"
#include "storage/open_mode.hpp"

namespace emeth::storage {

enum class TxKind : std::uint8_t { approve = 1, process = 2, submit = 3, decline = 4, withdraw = 5, other = 6 };
std::string_view name(TxKind kind);

/// The transaction of an outbox entry, signed again: same nonce, same call, same gas limit, a higher price.
struct Replacement {
    Hash256 hash;
    std::vector<std::uint8_t> raw;
    std::int64_t signed_at_unix_ms = 0;

    friend bool operator==(const Replacement&, const Replacement&) = default;
};

/// A signed transaction, durable before it was first broadcast. Key: nonce. It took effect whichever of its variants is
/// mined; the shared nonce admits only one of them.
struct OutboxEntry {
    std::uint64_t nonce = 0;
    TxKind kind = TxKind::other;
    std::optional<JobId> job;       ///< none for withdraw and other
    Hash256 hash;                   ///< Keccak-256 of `raw`: of the variant that was signed first
    std::vector<std::uint8_t> raw;  ///< the signed bytes, sent again unchanged after a restart
    Wei amount;                     ///< approve, process: the deposit of this JOB; otherwise zero
    std::int64_t created_at_unix_ms = 0;
    std::uint64_t mined_block = 0;            ///< 0: effect not yet confirmed
    bool succeeded = false;                   ///< receipt status, once mined
    std::optional<Hash256> mined_hash{};      ///< set once mined, and only if it was one of the replacements
    std::vector<Replacement> replacements{};  ///< oldest first; written by add_replacement alone

    /// Of all variants, oldest first.
    [[nodiscard]] std::vector<Hash256> hashes() const;
    [[nodiscard]] bool has_variant(const Hash256& hash) const;
    /// The signed bytes of the variant with the highest offer.
    [[nodiscard]] const std::vector<std::uint8_t>& newest_raw() const;

    friend bool operator==(const OutboxEntry&, const OutboxEntry&) = default;
};

class Outbox {
public:
    /// The outbox of the store in `folder`, for a program that keeps no JOBs. Errors as for NodeStore::open
    /// (storage/store.hpp), which opens the same folder with everything in it.
    static Result<std::unique_ptr<Outbox>> open(const std::filesystem::path& folder, OpenMode mode);
    Outbox() = default;
    Outbox(const Outbox&) = delete;
    Outbox& operator=(const Outbox&) = delete;
    virtual ~Outbox() = default;

    /// Entries not yet marked mined, by nonce.
    virtual Result<std::vector<OutboxEntry>> pending() = 0;
    /// All entries, by nonce.
    virtual Result<std::vector<OutboxEntry>> all() = 0;
    virtual Result<std::optional<OutboxEntry>> find(std::uint64_t nonce) = 0;
    /// The highest nonce of all entries, at a cost that does not depend on their number; none if the outbox is empty.
    /// Also an Error while the outcome of a failed write is unknown.
    virtual Result<std::optional<std::uint64_t>> last_nonce() = 0;
    /// Inserts or replaces by nonce, durable on return. The entries' replacements are left unchanged.
    virtual Result<void> put(const std::vector<OutboxEntry>& entries) = 0;
    /// Makes one more variant of that nonce's transaction durable. Nothing else in the entry changes, so that a JOB may
    /// mark it as mined at the same time. One caller at a time. Error: there is no such entry.
    virtual Result<void> add_replacement(std::uint64_t nonce, const Replacement& replacement) = 0;
};

}  // namespace emeth::storage
