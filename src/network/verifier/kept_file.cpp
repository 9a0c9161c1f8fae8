#include "network/verifier/kept_file.hpp"

#include <fmt/format.h>

#include <boost/json/object.hpp>

#include "crypto/sha256.hpp"
#include "http/file_pieces.hpp"
#include "runtime/durable_file.hpp"
#include "runtime/json_fields.hpp"

namespace emeth::network {

namespace {

constexpr std::size_t record_bytes_max = 1'024;

Hash256 fingerprint(const Source& source) {
    const std::string stored = source.stored_at_unix_s ? std::to_string(*source.stored_at_unix_s) : "unknown";
    return crypto::sha256(fmt::format("fetched/1/{}/{}/{}", source.bytes, stored, source.object));
}

std::filesystem::path record_of(const std::filesystem::path& file) {
    return file.string() + ".fetched";
}

}  // namespace

std::string fetch_record(const Source& source, const Hash256& sha256) {
    const boost::json::object record{{"source", fingerprint(source).hex()}, {"sha256", sha256.hex()}};
    return json_text(record) + "\n";
}

std::optional<Hash256> recorded_digest(std::string_view record, const Source& source) {
    const auto json = parse_json(record, record_bytes_max, "the record of a fetched file");
    if (json.has_error()) return std::nullopt;
    JsonObject fields(*json, "the record of a fetched file");
    const auto recorded_source = fields.fixed<Hash256>("source");
    const auto sha256 = fields.fixed<Hash256>("sha256");
    if (fields.check().has_error() || recorded_source != fingerprint(source)) return std::nullopt;
    return sha256;
}

Task<std::optional<Hash256>> find_kept(BlockingPool& pool, std::filesystem::path file, Source source) {
    const Result<std::string> record = read_file(record_of(file), record_bytes_max);
    if (record.has_error()) co_return std::nullopt;
    const std::optional<Hash256> recorded = recorded_digest(*record, source);
    if (!recorded) co_return std::nullopt;
    const Result<http::InputFile> input = http::InputFile::open(file);
    if (input.has_error() || input->bytes() != source.bytes) co_return std::nullopt;
    Result<crypto::Sha256> hash = co_await http::hash_begin(&pool, &*input, source.bytes);
    if (hash.has_error() || hash->finish() != *recorded) co_return std::nullopt;
    co_return recorded;
}

Result<void> keep(const std::filesystem::path& file, const Source& source, const Hash256& sha256) {
    return write_file_durably(record_of(file), fetch_record(source, sha256), 0600);
}

void forget(const std::filesystem::path& file) {
    std::error_code ignored;
    std::filesystem::remove(record_of(file), ignored);
}

}  // namespace emeth::network
