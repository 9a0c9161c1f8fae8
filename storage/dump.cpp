// The store as JSON lines, for people and for jq.
#include <span>

#include "runtime/json_fields.hpp"
#include "storage/keys.hpp"
#include "storage/record_json.hpp"
#include "storage/records.pb.h"
#include "storage/rocks_store.hpp"

namespace emeth::storage {
namespace {

namespace json = boost::json;
using Sink = std::function<void(std::string_view line)>;

std::string hex_of(std::string_view bytes) {
    return to_hex(std::span(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()));
}

/// Where the record is stored, which the record itself does not say.
json::object line_head(Family family, std::string_view type, std::string_view key) {
    json::object head{{"type", type}};
    if (family == Family::history) head["id"] = hex_of(key.substr(0, JobId::size_bytes));
    if (family == Family::cursors) head["key"] = key;
    return head;
}

/// {"type": …, then the fields of the record}.
template <class Record>
Result<void> dump_family(RocksDatabase& database, Family family, std::string_view prefix, std::string_view type,
                         const Sink& sink) {
    return database.scan(family, prefix, [&](std::string_view key, std::string_view payload) -> Result<bool> {
        Record record;
        if (!record.ParseFromArray(payload.data(), static_cast<int>(payload.size()))) {
            return permanent_error("does not parse: the record is damaged");
        }
        try {
            json::object line = line_head(family, type, key);
            for (const auto& [field, value] : to_json(record)) line[field] = value;
            sink(json_text(line));
        } catch (const ErrorException& damaged) {
            return damaged.error();
        }
        return true;
    });
}

}  // namespace

Result<void> dump_database(RocksDatabase& database, const Sink& sink) {
    Result<void> done = dump_family<records::Job>(database, Family::jobs, {}, "job", sink);
    if (done) done = dump_family<records::HistoryEntry>(database, Family::history, {}, "history", sink);
    if (done) done = dump_family<records::OutboxEntry>(database, Family::outbox, {}, "outbox", sink);
    if (done) done = dump_family<records::Replacement>(database, Family::meta, replacement_prefix, "replacement", sink);
    if (done) done = dump_family<records::Cursor>(database, Family::cursors, {}, "cursor", sink);
    if (done) done = dump_family<records::Refusal>(database, Family::meta, refusal_prefix, "refusal", sink);
    return done;
}

}  // namespace emeth::storage
