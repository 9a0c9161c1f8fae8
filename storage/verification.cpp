// What must hold in a store: each history leads to its record; what histories signed lies in the outbox, and nothing
// else does for a JOB; the indices hold what they index.
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <mutex>
#include <optional>
#include <set>
#include <utility>

#include "storage/envelope.hpp"
#include "storage/inspection.hpp"
#include "storage/job_pieces.hpp"
#include "storage/keys.hpp"
#include "storage/record_codec.hpp"
#include "storage/replay.hpp"
#include "storage/rocks_store.hpp"
#include "storage/signed_transactions.hpp"
#include "storage/store_progress.hpp"

namespace emeth::storage {
namespace {

using namespace statemachine;

/// A transaction that a history signed. Kept small, since there are three for every JOB.
struct Signature {
    std::uint64_t nonce = 0;
    std::uint64_t hash_tail = 0;  ///< the last bytes of its hash
    JobId job;
    TxKind kind = TxKind::other;
};

std::uint64_t tail_of(const Hash256& hash) {
    std::uint64_t tail = 0;
    std::memcpy(&tail, hash.bytes.data() + Hash256::size_bytes - sizeof tail, sizeof tail);
    return tail;
}

/// What the threads find together. Thread-safe.
class Findings {
public:
    void add(std::string problem) {
        const std::lock_guard lock(mutex_);
        ++result_.problems_found;
        if (result_.problems.size() < Verification::problems_max) result_.problems.push_back(std::move(problem));
    }
    void add(std::uint64_t jobs, std::uint64_t entries, const std::vector<Signature>& signatures) {
        const std::lock_guard lock(mutex_);
        result_.jobs += jobs;
        result_.history_entries += entries;
        signatures_.insert(signatures_.end(), signatures.begin(), signatures.end());
    }
    void count_transaction() { ++result_.transactions; }

    std::vector<Signature> take_signatures() { return std::move(signatures_); }
    Verification result() { return std::move(result_); }

private:
    std::mutex mutex_;
    Verification result_;
    std::vector<Signature> signatures_;
};

/// Checks each JOB of a piece by itself.
class PieceChecker final : public PieceVisitor {
public:
    PieceChecker(Findings& findings, const std::set<JobId>& active) : findings_(findings), active_(active) {}

    void job(std::string_view key, std::string_view value) override {
        id_ = job_of_key(key);
        replay_ = {};
        record_.clear();
        sound_ = id_.has_value();
        if (!id_) return findings_.add(fmt::format("record {}: the key names no JOB", printable_key(key)));
        const Result<std::string_view> payload = unseal(key, value);
        if (payload.has_error()) return wrong("its record", payload.error());
        record_ = *payload;
    }
    void history(std::string_view key, std::string_view value) override {
        ++entries_;
        if (!id_) return;
        const Result<std::string_view> payload = unseal(key, value);
        const Result<HistoryEntry> entry = payload ? decode_history(*payload) : Result<HistoryEntry>(payload.error());
        if (entry.has_error()) return wrong(fmt::format("history {}", printable_key(key)), entry.error());
        for (const SignedTransaction& made : transactions_of(*entry))
            signatures_.push_back({made.transaction.nonce, tail_of(made.transaction.hash), *id_, made.kind});
        if (!sound_) return;
        if (const Result<void> added = replay_.add(*entry); added.has_error()) wrong({}, added.error());
    }
    void end_of_job() override {
        ++jobs_;
        if (!sound_) return;
        const Result<void> replayed = replay_.finish(record_);
        if (replayed.has_error()) return wrong({}, replayed.error());
        check_index(replay_.job()->state);
    }
    void stray_history(std::string_view key) override {
        ++entries_;
        const std::string_view id = key.substr(0, JobId::size_bytes);
        if (stray_ == id) return;  // one sentence for a whole history
        stray_ = id;
        findings_.add(fmt::format("history {}: its JOB has no record", printable_key(key)));
    }

    /// Once the piece is read.
    void hand_over() { findings_.add(jobs_, entries_, signatures_); }

private:
    /// One sentence for each JOB: what comes after it would only be its consequence.
    void wrong(const std::string& what, const Error& error) {
        if (!std::exchange(sound_, false)) return;
        findings_.add(fmt::format("JOB {}: {}{}{}", id_->hex(), what, what.empty() ? "" : ": ", error.message));
    }
    void check_index(State state) {
        const bool is_indexed = active_.contains(*id_);
        if (is_indexed == is_end(state))
            findings_.add(fmt::format("JOB {}: it is {}, and {} the index of active JOBs", id_->hex(), name(state),
                                      is_indexed ? "yet in" : "not in"));
    }

    Findings& findings_;
    const std::set<JobId>& active_;
    std::optional<JobId> id_;
    std::string record_, stray_;
    Replay replay_;
    bool sound_ = false;  ///< nothing was found at this JOB so far
    std::uint64_t jobs_ = 0, entries_ = 0;
    std::vector<Signature> signatures_;
};

/// The ids in the index of active JOBs; there are few.
Result<std::set<JobId>> read_active_index(RocksDatabase& database, Findings& findings) {
    std::set<JobId> active;
    const auto scanned = database.scan(Family::meta, active_prefix, [&](auto key, auto) -> Result<bool> {
        const auto id = job_of_key(key.substr(active_prefix.size()));
        if (!id) {
            findings.add(fmt::format("index {}: the key names no JOB", printable_key(key)));
            return true;
        }
        active.insert(*id);
        const auto record = database.get(Family::jobs, job_key(*id));
        if (record.has_value() && !*record)
            findings.add(fmt::format("JOB {}: it is in the index of active JOBs, and has no record", id->hex()));
        return true;
    });
    if (scanned.has_error()) return scanned.error();
    return active;
}

/// The nonces in an index of the family `meta` whose keys continue with a nonce.
Result<std::set<std::uint64_t>> read_nonces(RocksDatabase& database, std::string_view prefix) {
    std::set<std::uint64_t> nonces;
    const auto scanned = database.scan(Family::meta, prefix, [&](auto key, auto) -> Result<bool> {
        const auto nonce = number_of_key(key.substr(prefix.size(), sizeof(std::uint64_t)));
        if (!nonce) return permanent_error("the key names no nonce: the store is damaged");
        nonces.insert(*nonce);
        return true;
    });
    if (scanned.has_error()) return scanned.error();
    return nonces;
}

/// Goes through the outbox beside the signatures of all histories, both by nonce.
class OutboxChecker {
public:
    /// `pending` and `replaced`: the nonces in the indices of unmined transactions and of replacements.
    OutboxChecker(Findings& findings, std::vector<Signature> signatures, std::set<std::uint64_t> pending,
                  std::set<std::uint64_t> replaced)
        : findings_(findings),
          signatures_(std::move(signatures)),
          pending_(std::move(pending)),
          replaced_(std::move(replaced)) {
        std::ranges::sort(signatures_, {}, &Signature::nonce);
        next_ = signatures_.begin();
    }

    void entry(const OutboxEntry& entry) {
        findings_.count_transaction();
        pass_missing(entry.nonce);
        check_pending(entry);
        replaced_.erase(entry.nonce);
        bool is_signed = false;
        for (; next_ != signatures_.end() && next_->nonce == entry.nonce; ++next_) {
            is_signed = true;
            check_signature(entry, *next_);
        }
        if (entry.job && !is_signed)
            findings_.add(
                fmt::format("{}: it is of JOB {}, whose history does not know it", title(entry), entry.job->hex()));
    }
    void unreadable(std::string_view key, const Error& error) {
        findings_.add(fmt::format("outbox {}: {}", printable_key(key), error.message));
    }
    void finish() {
        pass_missing(std::numeric_limits<std::uint64_t>::max());
        for (const std::uint64_t nonce : pending_)
            findings_.add(
                fmt::format("nonce {}: it is in the index of unmined transactions, and not in the outbox", nonce));
        for (const std::uint64_t nonce : replaced_)
            findings_.add(fmt::format("nonce {}: it has a replacement, and is not in the outbox", nonce));
    }

private:
    static std::string title(const OutboxEntry& entry) {
        return fmt::format("transaction {} (nonce {}, {})", entry.hash.hex(), entry.nonce, name(entry.kind));
    }
    /// What the histories signed with nonces below `nonce`, and the outbox does not have.
    void pass_missing(std::uint64_t nonce) {
        for (; next_ != signatures_.end() && next_->nonce < nonce; ++next_)
            findings_.add(fmt::format("JOB {}: it signed {} with nonce {}, which is not in the outbox",
                                      next_->job.hex(), name(next_->kind), next_->nonce));
    }
    void check_signature(const OutboxEntry& entry, const Signature& signature) {
        if (entry.job == signature.job && entry.kind == signature.kind && tail_of(entry.hash) == signature.hash_tail)
            return;
        findings_.add(fmt::format("{}: the history of JOB {} has another {} with this nonce", title(entry),
                                  signature.job.hex(), name(signature.kind)));
    }
    void check_pending(const OutboxEntry& entry) {
        const bool is_indexed = pending_.erase(entry.nonce) != 0;
        if (is_indexed == (entry.mined_block != 0))
            findings_.add(fmt::format("{}: it is {}, and {} the index of unmined transactions", title(entry),
                                      entry.mined_block != 0 ? "mined" : "not mined",
                                      is_indexed ? "yet in" : "not in"));
    }

    Findings& findings_;
    std::vector<Signature> signatures_;
    std::vector<Signature>::const_iterator next_;
    std::set<std::uint64_t> pending_, replaced_;
};

/// The threads decode, and then compare one after the other.
Result<void> check_entries(RocksDatabase& database, OutboxChecker& checker, unsigned threads) {
    PieceOrder order;
    const auto check = [&](const FamilyPieces::Piece& piece) {
        std::vector<Result<OutboxEntry>> entries;
        const auto decode = [&] {
            for (std::size_t i = 0; i < piece.size(); ++i) {
                const auto payload = unseal(piece[i].key, piece[i].value);
                entries.push_back(payload ? decode_outbox(*payload) : Result<OutboxEntry>(payload.error()));
            }
        };
        work_in_order(order, piece.number(), decode, [&] {
            for (std::size_t i = 0; i < entries.size(); ++i) {
                if (entries[i].has_value())
                    checker.entry(*entries[i]);
                else
                    checker.unreadable(piece[i].key, entries[i].error());
            }
        });
    };
    return FamilyPieces::for_each(database, Family::outbox, threads, [&] { return check; });
}

Result<void> check_outbox(RocksDatabase& database, Findings& findings, unsigned threads) {
    Result<std::set<std::uint64_t>> pending = read_nonces(database, pending_prefix);
    if (pending.has_error()) return pending.error();
    Result<std::set<std::uint64_t>> replaced = read_nonces(database, replacement_prefix);
    if (replaced.has_error()) return replaced.error();
    OutboxChecker checker(findings, findings.take_signatures(), std::move(*pending), std::move(*replaced));
    if (const auto checked = check_entries(database, checker, threads); checked.has_error()) return checked;
    checker.finish();
    return {};
}

}  // namespace

Result<Verification> Inspection::verify(const Effort& effort) const {
    Findings findings;
    const auto active = read_active_index(*database_, findings);
    if (active.has_error()) return active.error();
    StoreProgress progress(effort);
    const auto check = [&](JobPiece& piece) {
        PieceChecker checker(findings, *active);
        piece.read(checker);
        checker.hand_over();
        progress.add(piece.jobs());
    };
    const Result<void> read = JobPiece::for_each(*database_, effort.threads, [&] { return check; });
    if (read.has_error()) return read.error();
    const Result<void> checked = check_outbox(*database_, findings, effort.threads);
    if (checked.has_error()) return checked.error();
    return findings.result();
}

}  // namespace emeth::storage
