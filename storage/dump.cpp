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
/// A piece of which there is more waits for its turn: histories have no bound. A piece has about 10 MB.
constexpr std::size_t waiting_bytes_max = 32 << 20;

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

/// What a line says before the fields of the record: its type and the id or key that it is stored under, if the record
/// itself does not tell.
std::string line_head(std::string_view type) {
    return "{\"type\":\"" + std::string(type) + "\"";
}
std::string history_head(std::string_view job_key) {
    JsonText head;
    head.raw(line_head("history") + ",\"id\":");
    head.hex(job_key);
    return std::string(head.text());
}
std::string cursor_head(std::string_view key) {
    JsonText head;
    head.raw(line_head("cursor") + ",\"key\":");
    head.string(key);
    return std::string(head.text());
}

/// Lines, counted.
class LineWriter {
public:
    void line(std::string_view head, const google::protobuf::Descriptor& fields, std::string_view encoded) {
        text.raw(head);
        append_fields(text, fields, encoded);
        text.raw("}\n");
        ++lines;
    }
    void job(std::string_view encoded) { line(job_head_, *records::Job::descriptor(), encoded); }
    void history(std::string_view head, std::string_view encoded) {
        line(head, *records::HistoryEntry::descriptor(), encoded);
    }
    void outbox(std::string_view encoded) { line(outbox_head_, *records::OutboxEntry::descriptor(), encoded); }
    void clear() {
        text.clear();
        lines = 0;
    }

    JsonText text;
    std::uint64_t lines = 0;

private:
    std::string job_head_ = line_head("job"), outbox_head_ = line_head("outbox");
};

/// Takes the lines of pieces from several threads and hands them on in the order of the pieces.
class OrderedLines {
public:
    explicit OrderedLines(const Inspection::Sink& sink) : sink_(sink) {}

    /// Between two lines of a piece that may be long.
    void relieve(std::uint64_t piece, LineWriter& writer) {
        if (writer.text.size() < block_bytes) return;
        if (!order_.is_turn(piece) && writer.text.size() < waiting_bytes_max) return;
        if (order_.wait(piece))
            hand_on(writer);
        else
            writer.clear();  // an earlier piece failed
    }
    /// `write` writes the lines of one piece; `passed` is called once they are handed on.
    template <class Write, class Passed>
    void piece(std::uint64_t number, LineWriter& writer, Write&& write, Passed&& passed) {
        writer.clear();
        work_in_order(order_, number, write, [&] {
            hand_on(writer);
            passed();
        });
    }
    /// Handed on so far.
    [[nodiscard]] std::uint64_t lines() const { return lines_; }

private:
    void hand_on(LineWriter& writer) {
        sink_(writer.text.text());
        lines_ += writer.lines;
        writer.clear();
    }

    const Inspection::Sink& sink_;
    PieceOrder order_;
    std::uint64_t lines_ = 0;  ///< of the piece whose turn it is
};

class PieceWriter final : public PieceVisitor {
public:
    PieceWriter(const RocksDatabase& database, OrderedLines& output) : database_(database), output_(output) {}

    void write(JobPiece& piece, StoreProgress& progress) {
        piece_ = piece.number();
        output_.piece(piece_, lines_, [&] { piece.read(*this); }, [&] { progress.add(piece.jobs()); });
    }

    void job(std::string_view key, std::string_view value) override {
        head_ = history_head(key);
        with_payload(database_, Family::jobs, key, value, [&](auto payload) { lines_.job(payload); });
        output_.relieve(piece_, lines_);
    }
    void history(std::string_view key, std::string_view value) override {
        with_payload(database_, Family::history, key, value, [&](auto payload) { lines_.history(head_, payload); });
        output_.relieve(piece_, lines_);
    }
    void end_of_job() override {}
    void stray_history(std::string_view key) override {
        throw ErrorException(database_.value_error(Family::history, key,
                                                   permanent_error("its JOB has no record: the store is damaged")));
    }

private:
    const RocksDatabase& database_;
    OrderedLines& output_;
    LineWriter lines_;
    std::uint64_t piece_ = 0;
    std::string head_;
};

/// Of the whole dump; returns how many lines it wrote.
Result<std::uint64_t> dump_jobs(RocksDatabase& database, const Inspection::Sink& sink, const Effort& effort) {
    OrderedLines output(sink);
    StoreProgress progress(effort);
    const Result<void> read = JobPiece::for_each(database, effort.threads, [&]() -> JobPiece::Work {
        // One for all pieces of a thread, so that its memory is used again.
        const auto writer = std::make_shared<PieceWriter>(database, output);
        return [&progress, writer](JobPiece& piece) { writer->write(piece, progress); };
    });
    if (read.has_error()) return read.error();
    return output.lines();
}

Result<std::uint64_t> dump_outbox(RocksDatabase& database, const Inspection::Sink& sink, unsigned threads) {
    OrderedLines output(sink);
    const auto write = [&](const FamilyPieces::Piece& piece, LineWriter& writer) {
        for (std::size_t i = 0; i < piece.size(); ++i) {
            const auto [key, value] = piece[i];
            with_payload(database, Family::outbox, key, value, [&](auto payload) { writer.outbox(payload); });
        }
    };
    const Result<void> read = FamilyPieces::for_each(database, Family::outbox, threads, [&]() -> FamilyPieces::Work {
        return [&, writer = std::make_shared<LineWriter>()](const FamilyPieces::Piece& piece) {
            output.piece(piece.number(), *writer, [&] { write(piece, *writer); }, [] {});
        };
    });
    if (read.has_error()) return read.error();
    return output.lines();
}

/// The small families.
Result<void> dump_family(RocksDatabase& database, Family family, std::string_view prefix, std::string_view type,
                         const google::protobuf::Descriptor& fields, LineWriter& writer, const Inspection::Sink& sink) {
    const auto flush = [&] {
        sink(writer.text.text());
        writer.text.clear();
    };
    const std::string head = line_head(type);
    const Result<void> scanned = database.scan(family, prefix, [&](auto key, auto payload) -> Result<bool> {
        try {
            writer.line(family == Family::cursors ? cursor_head(key) : head, fields, payload);
        } catch (const ErrorException& damaged) {
            return damaged.error();
        }
        if (writer.text.size() >= block_bytes) flush();
        return true;
    });
    if (scanned.has_value()) flush();
    return scanned;
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
    const Result<std::uint64_t> outbox = dump_outbox(*database_, sink, effort.threads);
    if (outbox.has_error()) return outbox.error();
    LineWriter writer;
    writer.lines = 1 + *jobs + *outbox;
    const auto family = [&](Family one, std::string_view prefix, std::string_view type, const auto& fields) {
        return dump_family(*database_, one, prefix, type, fields, writer, sink);
    };
    Result<void> done = family(Family::meta, replacement_prefix, "replacement", *records::Replacement::descriptor());
    if (done) done = family(Family::cursors, {}, "cursor", *records::Cursor::descriptor());
    if (done) done = family(Family::meta, refusal_prefix, "refusal", *records::Refusal::descriptor());
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
        writer.outbox(**entry);
        const auto replaced = dump_family(*database_, Family::meta, replacements_of_nonce(nonce), "replacement",
                                          *records::Replacement::descriptor(), writer, sink);
        if (replaced.has_error()) return replaced;
    }
    sink(writer.text.text());
    return {};
}

}  // namespace emeth::storage
