// Reading JSON that came from outside: size and depth are bounded before parsing, every field is checked for type and
// range, and the first thing that is wrong becomes one Error that names where, which field, its
// value and what was expected:
//   "info server's job list: field 'fee' is 12.5; expected a decimal string".
//
//   Result<boost::json::value> json = parse_json(body, answer_bytes_max, "storage answer");
//   if (json.has_error()) return json.error();
//   JsonObject answer(*json, "storage answer");
//   UploadTicket ticket;
//   ticket.upload_id = answer.string("uploadId", 128);
//   ticket.parts = answer.u64("parts", 1, parts_max);
//   ticket.sha256 = answer.optional_fixed<Hash256>("sha256");
//   if (Result<void> check = answer.check(); check.has_error()) return check.error();
//   return ticket;
//
// A getter that fails records the first error and returns an empty value, so nothing may be acted upon before check()
// has passed.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/result.hpp"
#include "statemachine/types.hpp"

namespace emeth {

/// Deeper nesting is refused.
inline constexpr std::size_t json_depth_max = 32;

/// Parses one whole JSON text of at most `bytes_max` bytes. `what` names it in the (permanent) error: "storage answer".
Result<boost::json::value> parse_json(std::string_view text, std::size_t bytes_max, std::string_view what);

/// The same for an answer that carries strangers' strings, from a server that may have copied them as they are: bytes
/// that are not UTF-8 and unpaired surrogates are read as U+FFFD, control characters as spaces, a byte order mark is
/// skipped. So a string that breaks the rules of JSON spoils itself at most.
Result<boost::json::value> parse_json_leniently(std::string_view text, std::size_t bytes_max, std::string_view what);

/// The JSON of `value`, whose strings may hold any bytes: what is not UTF-8 becomes U+FFFD, DEL and the C1 control
/// characters are escaped like C0. All JSON that leaves the program is written by this.
std::string json_text(const boost::json::value& value);

/// The elements of a value that must be an array of at most `count_max` elements. The span lives as long as `value`.
Result<std::span<const boost::json::value>> json_array(const boost::json::value& value, std::size_t count_max,
                                                       std::string_view what);

/// Reads the fields of an object. It refers to `value`, which must outlive it. Nested readers share the error of the
/// outermost one, and give the full names of their fields ("progress.step", "parts[3].etag"). Unknown fields are
/// ignored. An optional field that is null counts as absent. All errors are permanent. Not thread-safe.
class JsonObject {
public:
    /// `what` is the prefix of the error: "info server's job list". A value that is not an object
    /// is such an error, too.
    JsonObject(const boost::json::value& value, std::string_view what);

    /// Present and not null.
    [[nodiscard]] bool has(std::string_view key) const;

    std::string string(std::string_view key, std::size_t bytes_max);
    std::uint64_t u64(std::string_view key, std::uint64_t minimum = 0,
                      std::uint64_t maximum = std::numeric_limits<std::uint64_t>::max());
    std::int64_t i64(std::string_view key, std::int64_t minimum = std::numeric_limits<std::int64_t>::min(),
                     std::int64_t maximum = std::numeric_limits<std::int64_t>::max());
    /// Any finite number.
    double number(std::string_view key);
    bool boolean(std::string_view key);
    /// A string of 1 to 78 decimal digits, as amounts are written (a uint256 may still be too small for it).
    std::string decimal(std::string_view key);
    /// A string of exactly the type's bytes as hex with 0x: JobId, Address, Hash256.
    template <class Bytes>
    Bytes fixed(std::string_view key);
    JsonObject object(std::string_view key);
    std::span<const boost::json::value> array(std::string_view key, std::size_t count_max);
    /// An array of objects.
    std::vector<JsonObject> objects(std::string_view key, std::size_t count_max);

    std::optional<std::string> optional_string(std::string_view key, std::size_t bytes_max);
    std::optional<std::uint64_t> optional_u64(std::string_view key, std::uint64_t minimum = 0,
                                              std::uint64_t maximum = std::numeric_limits<std::uint64_t>::max());
    std::optional<std::int64_t> optional_i64(std::string_view key,
                                             std::int64_t minimum = std::numeric_limits<std::int64_t>::min(),
                                             std::int64_t maximum = std::numeric_limits<std::int64_t>::max());
    std::optional<double> optional_number(std::string_view key);
    std::optional<bool> optional_boolean(std::string_view key);
    std::optional<std::string> optional_decimal(std::string_view key);
    template <class Bytes>
    std::optional<Bytes> optional_fixed(std::string_view key);
    std::optional<JsonObject> optional_object(std::string_view key);

    /// For a rule of the caller's own: "… field 'key' is <value>; expected <expected>". Only the first error is kept.
    void reject(std::string_view key, std::string_view expected);

    /// The first error of this reader and of all readers that share it.
    [[nodiscard]] Result<void> check() const;

private:
    struct FirstError {
        std::string what;
        std::optional<Error> error;
    };

    JsonObject(const boost::json::value* value, std::string path, std::shared_ptr<FirstError> first_error);
    [[nodiscard]] const boost::json::value* find(std::string_view key) const;
    void reject_at(const std::string& path, const boost::json::value* value, std::string_view expected);
    void fixed_bytes(std::string_view key, std::span<std::uint8_t> out);

    const boost::json::object* fields_;  // null if the value is not an object
    std::string path_;                   // "" or "progress."
    std::shared_ptr<FirstError> first_error_;
};

template <class Bytes>
Bytes JsonObject::fixed(std::string_view key) {
    Bytes value;
    fixed_bytes(key, value.bytes);
    return value;
}

template <class Bytes>
std::optional<Bytes> JsonObject::optional_fixed(std::string_view key) {
    if (!has(key)) return std::nullopt;
    return fixed<Bytes>(key);
}

}  // namespace emeth
