// The durable memory of a node: JOB records, their history, the transaction outbox, cursors and notes, in RocksDB.
// One transition is one synced WriteBatch; concurrent commits share a sync. All calls block and are thread-safe: the
// node calls them through the blocking pool. Values carry a checksum and a schema version (storage/records.proto).
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/result.hpp"
#include "statemachine/transition.hpp"

namespace emeth::storage {

enum class TxKind : std::uint8_t { approve = 1, process = 2, submit = 3, decline = 4, withdraw = 5, other = 6 };
std::string_view name(TxKind kind);

/// The transaction of an outbox entry signed once more: same nonce, same call, same gas limit, a higher price.
struct Replacement {
    Hash256 hash;
    std::vector<std::uint8_t> raw;
    std::int64_t signed_at_unix_ms = 0;

    friend bool operator==(const Replacement&, const Replacement&) = default;
};

/// A signed transaction, durable before it was first broadcast. Key: nonce. Whichever of its variants is mined, it took
/// effect, and the nonce lets only one of them.
struct OutboxEntry {
    std::uint64_t nonce = 0;
    TxKind kind = TxKind::other;
    std::optional<JobId> job;       ///< none for withdraw and other
    Hash256 hash;                   ///< Keccak-256 of `raw`: of the variant that was signed first
    std::vector<std::uint8_t> raw;  ///< the signed bytes, sent again as they are after a restart
    Wei amount;                     ///< approve, process: the deposit of this JOB; else zero
    std::int64_t created_at_unix_ms = 0;
    std::uint64_t mined_block = 0;            ///< 0: effect not yet confirmed
    bool succeeded = false;                   ///< receipt status, once mined
    std::optional<Hash256> mined_hash{};      ///< once mined, and set only when it was one of the replacements
    std::vector<Replacement> replacements{};  ///< oldest first; written by outbox_add_replacement alone

    /// Of all variants, oldest first.
    [[nodiscard]] std::vector<Hash256> hashes() const;
    [[nodiscard]] bool has_variant(const Hash256& hash) const;
    /// The signed bytes of the variant that offers most.
    [[nodiscard]] const std::vector<std::uint8_t>& newest_raw() const;

    friend bool operator==(const OutboxEntry&, const OutboxEntry&) = default;
};

/// One line of a JOB's history.
struct HistoryEntry {
    std::uint64_t sequence = 0;  ///< from 1, without gaps
    statemachine::Event event;
    statemachine::State from = statemachine::State::discovered;
    statemachine::State to = statemachine::State::discovered;
    std::optional<statemachine::Rejection> rejection;  ///< set: the event changed nothing but the sequence
};

/// What one commit writes beside the record and its history entry.
struct SideWrites {
    std::vector<OutboxEntry> outbox_put;  ///< inserted or replaced by nonce
};

enum class OpenMode { read_write, read_only };

class JobStore {
public:
    /// Opens `<folder>` (made when missing, in read_write). Errors: newer schema, damaged store, disk full, and in
    /// read_write also a store in use; each message names the folder and the remedy. read_only may be opened beside a
    /// running daemon.
    static Result<std::unique_ptr<JobStore>> open(const std::filesystem::path& folder, OpenMode mode);
    virtual ~JobStore() = default;

    /// Creates the JOB with its first history entry. Error when it exists already.
    virtual Result<statemachine::Job> create(const statemachine::Discovered& discovered, std::int64_t at_unix_ms) = 0;

    /// Applies `event` to `job` by transition() and commits record + history + `side` durably in one synced batch.
    /// A rejected event is journaled, too, and `side` is then not written. `job` must be the newest committed record
    /// (checked by its sequence); only the JOB's own coroutine commits for it.
    /// Errors: permanent for a stale or unknown record; transient for a full disk or one that fails, after which the
    /// same call may be made again. Should it then say that the record is stale, load it: the commit was found durable.
    struct Applied {
        statemachine::Job job;  ///< the record after the commit
        std::optional<statemachine::Rejection> rejection;
        std::vector<statemachine::Command> commands;  ///< empty when rejected
    };
    virtual Result<Applied> apply(const statemachine::Job& job, const statemachine::Event& event,
                                  const SideWrites& side = {}) = 0;

    virtual Result<std::optional<statemachine::Job>> find(const JobId& id) = 0;
    /// From the index of active JOBs: the cost does not depend on the finished ones.
    virtual Result<std::vector<statemachine::Job>> active() = 0;
    /// All records in id order; stops early when `visit` returns false.
    virtual Result<void> for_each(const std::function<bool(const statemachine::Job&)>& visit) = 0;
    virtual Result<std::vector<HistoryEntry>> history(const JobId& id) = 0;
    /// Replays the history through transition() and compares with the record; the error says where they part.
    virtual Result<void> verify(const JobId& id) = 0;

    /// Entries not yet marked mined, by nonce.
    virtual Result<std::vector<OutboxEntry>> outbox_pending() = 0;
    /// All entries, by nonce.
    virtual Result<std::vector<OutboxEntry>> outbox_all() = 0;
    virtual Result<std::optional<OutboxEntry>> outbox_find(std::uint64_t nonce) = 0;
    /// The highest nonce of all entries, at a cost that does not depend on their number; none: the outbox is empty.
    /// Error also while it is not known what became of a write that failed.
    virtual Result<std::optional<std::uint64_t>> last_nonce() = 0;
    /// The entries' replacements are left as they are.
    virtual Result<void> outbox_put(const std::vector<OutboxEntry>& entries) = 0;
    /// Makes one more variant of that nonce's transaction durable; nothing else of the entry changes, so that a JOB may
    /// mark it mined at the same time. One caller at a time. Error: there is no such entry.
    virtual Result<void> outbox_add_replacement(std::uint64_t nonce, const Replacement& replacement) = 0;

    /// Small named durable values ("log", "withdraw/20415", …).
    virtual Result<std::optional<std::string>> cursor(std::string_view key) = 0;
    virtual Result<void> set_cursor(std::string_view key, std::string_view value) = 0;

    /// Why a JOB was not taken; the newest `refusals_max` are kept.
    static constexpr std::size_t refusals_max = 10'000;
    struct Refusal {
        JobId id;
        std::int64_t at_unix_ms = 0;
        std::string reason;
    };
    virtual Result<void> put_refusal(const Refusal& refusal) = 0;
    virtual Result<std::vector<Refusal>> refusals() = 0;

    /// One JSON object a line: every record, history entry, outbox entry, cursor and refusal. Ids and hashes as
    /// 0x-hex, amounts as decimal strings.
    virtual Result<void> dump(const std::function<void(std::string_view line)>& sink) = 0;
};

}  // namespace emeth::storage
