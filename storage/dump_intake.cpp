#include "storage/dump_intake.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "runtime/json_fields.hpp"
#include "storage/dump_lines.hpp"
#include "storage/record_codec.hpp"
#include "storage/record_json.hpp"
#include "storage/records.pb.h"
#include "storage/replay.hpp"

namespace emeth::storage {
namespace {

namespace json = boost::json;

constexpr std::size_t type_bytes_max = 20, key_bytes_max = 1'000;

/// The record that a line describes, encoded. Throws ErrorException.
template <class Record>
std::string encoded(const json::value& line, std::initializer_list<std::string_view> leave_out) {
    Record record;
    read_fields(record, line, leave_out);
    return record.SerializeAsString();
}

std::string cursor_key(const json::value& line) {
    JsonObject fields(line, "the cursor");
    std::string key = fields.string("key", key_bytes_max);
    if (const Result<void> checked = fields.check(); checked.has_error()) throw ErrorException(checked.error());
    return key;
}

[[noreturn]] void refuse(std::string message) {
    throw ErrorException(permanent_error(std::move(message)));
}

}  // namespace

struct DumpIntake::Impl {
    explicit Impl(std::unique_ptr<BulkLoad> into) : store(std::move(into)) {}

    using Take = void (Impl::*)(const json::value& line);
    struct Kind {
        std::string_view type;
        Take take;
    };
    static const std::array<Kind, 8> kinds;

    void take(const json::value& line);
    void take_first(const json::value& line);
    void take_job(const json::value& line);
    void take_history(const json::value& line);
    void take_outbox(const json::value& line);
    void take_replacement(const json::value& line);
    void take_cursor(const json::value& line);
    void take_refusal(const json::value& line);
    void take_last(const json::value& line);
    void end_job();

    std::unique_ptr<BulkLoad> store;
    Loaded loaded;
    bool begun = false, ended = false;

    // The JOB whose history is being read.
    std::optional<statemachine::Job> job;
    std::string record;
    std::uint64_t line_of_job = 0;
    Replay replay;

    std::optional<JobId> last_id;
    std::vector<std::uint64_t> nonces;  ///< of the outbox, ascending
    std::pair<std::uint64_t, std::uint32_t> last_replacement{0, 0};
};

const std::array<DumpIntake::Impl::Kind, 8> DumpIntake::Impl::kinds{{
    {"dump", &Impl::take_first},
    {"job", &Impl::take_job},
    {"history", &Impl::take_history},
    {"outbox", &Impl::take_outbox},
    {"replacement", &Impl::take_replacement},
    {"cursor", &Impl::take_cursor},
    {"refusal", &Impl::take_refusal},
    {"end", &Impl::take_last},
}};

DumpIntake::DumpIntake(std::unique_ptr<BulkLoad> store) : impl_(std::make_unique<Impl>(std::move(store))) {}
DumpIntake::DumpIntake(DumpIntake&&) noexcept = default;
DumpIntake::~DumpIntake() = default;

Result<void> DumpIntake::add(std::string_view line) try {
    ++impl_->loaded.lines;
    const Result<json::value> parsed = parse_json(line, line_bytes_max, "it");
    if (parsed.has_error()) throw ErrorException(parsed.error());
    impl_->take(*parsed);
    return {};
} catch (const ErrorException& wrong) {
    return in_context(fmt::format("line {}", impl_->loaded.lines), wrong.error());
}

void DumpIntake::Impl::take(const json::value& line) {
    JsonObject fields(line, "it");
    const std::string type = fields.string("type", type_bytes_max);
    if (const Result<void> checked = fields.check(); checked.has_error()) throw ErrorException(checked.error());
    const auto kind = std::ranges::find(kinds, type, &Kind::type);
    if (kind == kinds.end()) refuse("a dump has no lines of this type: the dump is of a newer emeth, or damaged");
    if (begun == (kind->take == &Impl::take_first)) refuse("a dump begins with one line of type dump");
    if (ended) refuse("nothing follows the last line of a dump");
    if (kind->take != &Impl::take_history) end_job();
    (this->*kind->take)(line);
}

void DumpIntake::Impl::take_first(const json::value& line) {
    JsonObject fields(line, "it");
    const std::uint64_t version = fields.u64("version", 1);
    if (const Result<void> checked = fields.check(); checked.has_error()) throw ErrorException(checked.error());
    if (version > dump_version)
        refuse(
            fmt::format("the dump has version {}, and this emeth reads versions up to {}: use the emeth that wrote "
                        "it or a newer one",
                        version, dump_version));
    begun = true;
}

void DumpIntake::Impl::take_job(const json::value& line) {
    record = encoded<records::Job>(line, {"type"});
    job = decode_job(record).value();
    if (last_id && job->terms.id <= *last_id) refuse("the JOBs of a dump stand in the order of their ids");
    last_id = job->terms.id;
    line_of_job = loaded.lines;
}

void DumpIntake::Impl::take_history(const json::value& line) {
    JsonObject fields(line, "it");
    const JobId id = fields.fixed<JobId>("id");
    if (const Result<void> checked = fields.check(); checked.has_error()) throw ErrorException(checked.error());
    if (!job || job->terms.id != id) refuse("a JOB's history follows its record");
    const HistoryEntry entry = decode_history(encoded<records::HistoryEntry>(line, {"type", "id"})).value();
    replay.add(entry).value();
    store->add_entry(id, entry).value();
    ++loaded.history_entries;
}

/// The error is the record's, whose line is named as well.
void DumpIntake::Impl::end_job() {
    if (!job) return;
    if (const Result<void> replayed = replay.finish(record); replayed.has_error())
        throw ErrorException(
            in_context(fmt::format("the JOB of line {}, {}", line_of_job, job->terms.id.hex()), replayed.error()));
    store->add_record(*job).value();
    ++loaded.jobs;
    job.reset();
    replay = {};
}

void DumpIntake::Impl::take_outbox(const json::value& line) {
    const OutboxEntry entry = decode_outbox(encoded<records::OutboxEntry>(line, {"type"})).value();
    if (!nonces.empty() && entry.nonce <= nonces.back()) refuse("the outbox stands in the order of its nonces");
    nonces.push_back(entry.nonce);
    store->add_transaction(entry).value();
    ++loaded.transactions;
}

void DumpIntake::Impl::take_replacement(const json::value& line) {
    const NumberedReplacement one = decode_replacement(encoded<records::Replacement>(line, {"type"})).value();
    const std::pair place{one.nonce, one.number};
    if (place <= last_replacement) refuse("replacements stand in the order of their nonces and numbers");
    if (!std::ranges::binary_search(nonces, one.nonce))
        refuse(fmt::format("nonce {} is not in the outbox: there is nothing to replace", one.nonce));
    last_replacement = place;
    store->add_replacement(one.nonce, one.number, one.replacement).value();
}

void DumpIntake::Impl::take_cursor(const json::value& line) {
    const std::string value = decode_cursor(encoded<records::Cursor>(line, {"type", "key"})).value();
    store->add_cursor(cursor_key(line), value).value();
}

void DumpIntake::Impl::take_refusal(const json::value& line) {
    store->add_refusal(decode_refusal(encoded<records::Refusal>(line, {"type"})).value()).value();
}

void DumpIntake::Impl::take_last(const json::value& line) {
    JsonObject fields(line, "it");
    const std::uint64_t before = fields.u64("lines");
    if (const Result<void> checked = fields.check(); checked.has_error()) throw ErrorException(checked.error());
    if (before + 1 != loaded.lines)
        refuse(fmt::format("the dump had {} lines before its last one, and {} came: some are missing", before,
                           loaded.lines - 1));
    ended = true;
}

Result<DumpIntake::Loaded> DumpIntake::finish() {
    if (!impl_->ended)
        return permanent_error(
            fmt::format("the dump ends after {} lines without its last one: it is cut off", impl_->loaded.lines));
    if (const Result<void> written = impl_->store->finish(); written.has_error()) return written.error();
    return impl_->loaded;
}

}  // namespace emeth::storage
