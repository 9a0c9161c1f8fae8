// The store as JSON lines, for people, for jq, and for loading it again.
#include <memory>
#include <set>

#include "storage/dump_lines.hpp"
#include "storage/envelope.hpp"
#include "storage/inspection.hpp"
#include "storage/job_pieces.hpp"
#include "storage/json_text.hpp"
#include "storage/keys.hpp"
#include "storage/record_codec.hpp"
#include "storage/record_json.hpp"
#include "storage/records.pb.h"
#include "storage/rocks_store.hpp"
#include "storage/signed_transactions.hpp"
#include "storage/store_progress.hpp"

namespace emeth::storage {
namespace {

/// Blocks of this size are handed on.
constexpr std::size_t block_bytes = 1 << 20;

/// The payload of a stored value. Throws what is wrong with it, naming its place.
template <class Use>
void with_payload(const RocksDatabase& database, Family family, std::string_view key, std::string_view value,
                  Use use) try {
    const Result<std::string_view> payload = unseal(key, value);
    if (payload.has_error()) throw ErrorException(payload.error());
    use(*payload);
} catch (const ErrorException& damaged) {
    throw ErrorException(database.value_error(family, key, damaged.error()));
}

/// What a line says beside the fields of the record.
std::string history_head(std::string_view job_key) {
    JsonText head;
    head.raw(",\"id\":");
    head.hex(job_key);
    return std::string(head.text());
}

/// Lines, counted.
class LineWriter {
public:
    void job(std::string_view encoded) { line("job", {}, records::Job::descriptor(), encoded); }
    void history(std::string_view head, std::string_view encoded) {
        line("history", head, records::HistoryEntry::descriptor(), encoded);
    }
    void clear() {
        text.clear();
        lines = 0;
    }
    void line(std::string_view type, std::string_view head, const google::protobuf::Descriptor* fields,
              std::string_view encoded) {
        text.raw("{\"type\":\"");
        text.raw(type);
        text.raw('"');
        text.raw(head);
        append_fields(text, *fields, encoded);
        text.raw("}\n");
        ++lines;
    }

    JsonText text;
    std::uint64_t lines = 0;
};

class PieceWriter final : public PieceVisitor {
public:
    explicit PieceWriter(const RocksDatabase& database) : database_(database) {}

    void job(std::string_view key, std::string_view value) override {
        head_ = history_head(key);
        with_payload(database_, Family::jobs, key, value, [&](auto payload) { lines.job(payload); });
    }
    void history(std::string_view key, std::string_view value) override {
        with_payload(database_, Family::history, key, value, [&](auto payload) { lines.history(head_, payload); });
    }
    void end_of_job() override {}
    void stray_history(std::string_view key) override {
        throw ErrorException(database_.value_error(Family::history, key,
                                                   permanent_error("its JOB has no record: the store is damaged")));
    }

    LineWriter lines;

private:
    const RocksDatabase& database_;
    std::string head_;
};

std::string cursor_head(std::string_view key) {
    JsonText head;
    head.raw(",\"key\":");
    head.string(key);
    return std::string(head.text());
}

/// Everything but JOBs and histories.
Result<void> dump_family(RocksDatabase& database, Family family, std::string_view prefix, std::string_view type,
                         const google::protobuf::Descriptor* fields, LineWriter& writer, const Inspection::Sink& sink) {
    const auto flush = [&] {
        sink(writer.text.text());
        writer.text.clear();
    };
    const Result<void> scanned = database.scan(family, prefix, [&](auto key, auto payload) -> Result<bool> {
        try {
            writer.line(type, family == Family::cursors ? cursor_head(key) : std::string(), fields, payload);
        } catch (const ErrorException& damaged) {
            return damaged.error();
        }
        if (writer.text.size() >= block_bytes) flush();
        return true;
    });
    if (scanned.has_value()) flush();
    return scanned;
}

/// Of the whole dump; returns how many lines it wrote.
Result<std::uint64_t> dump_jobs(RocksDatabase& database, const Inspection::Sink& sink, const Effort& effort) {
    PieceOrder order;
    StoreProgress progress(effort);
    std::uint64_t lines = 0;
    const auto write = [&](PieceWriter& writer, JobPieces::Piece& piece) {
        try {
            writer.lines.clear();
            piece.read(writer);
            order.pass(piece.number(), [&] {
                sink(writer.lines.text.text());
                lines += writer.lines.lines;
                progress.add(piece.jobs());
            });
        } catch (...) {
            order.stop();
            throw;
        }
    };
    const Result<void> read = JobPieces::for_each(database, effort.threads, [&]() -> JobPieces::Work {
        // One for all pieces of a thread, so that its memory is used again.
        return [&write, writer = std::make_shared<PieceWriter>(database)](JobPieces::Piece& piece) {
            write(*writer, piece);
        };
    });
    if (read.has_error()) return read.error();
    return lines;
}

/// The nonces of the transactions that the history's events signed.
std::set<std::uint64_t> signed_nonces(const std::vector<HistoryEntry>& history) {
    std::set<std::uint64_t> nonces;
    for (const HistoryEntry& entry : history)
        for (const SignedTransaction& signed_one : transactions_of(entry)) nonces.insert(signed_one.transaction.nonce);
    return nonces;
}

}  // namespace

Result<void> Inspection::dump(const Sink& sink, const Effort& effort) const {
    sink(dump_first_line());
    const Result<std::uint64_t> jobs = dump_jobs(*database_, sink, effort);
    if (jobs.has_error()) return jobs.error();
    LineWriter writer;
    writer.lines = *jobs + 1;
    const auto family = [&](Family one, std::string_view prefix, std::string_view type, const auto* fields) {
        return dump_family(*database_, one, prefix, type, fields, writer, sink);
    };
    Result<void> done = family(Family::outbox, {}, "outbox", records::OutboxEntry::descriptor());
    if (done) done = family(Family::meta, replacement_prefix, "replacement", records::Replacement::descriptor());
    if (done) done = family(Family::cursors, {}, "cursor", records::Cursor::descriptor());
    if (done) done = family(Family::meta, refusal_prefix, "refusal", records::Refusal::descriptor());
    if (done) sink(dump_last_line(writer.lines));
    return done;
}

Result<void> Inspection::dump_job(const JobId& id, const Sink& sink) const {
    RocksJobStore jobs(database_);
    const auto record = database_->get(Family::jobs, job_key(id));
    if (record.has_error()) return record.error();
    const auto history = jobs.history(id);
    if (history.has_error()) return history.error();
    LineWriter writer;
    writer.job(record->value());
    for (const HistoryEntry& entry : *history) writer.history(history_head(job_key(id)), encode_history(entry));
    for (const std::uint64_t nonce : signed_nonces(*history)) {
        const auto entry = database_->get(Family::outbox, number_key(nonce));
        if (entry.has_error()) return entry.error();
        if (!*entry) continue;
        writer.line("outbox", {}, records::OutboxEntry::descriptor(), **entry);
        const auto replaced = dump_family(*database_, Family::meta, replacements_of_nonce(nonce), "replacement",
                                          records::Replacement::descriptor(), writer, sink);
        if (replaced.has_error()) return replaced;
    }
    sink(writer.text.text());
    return {};
}

}  // namespace emeth::storage
