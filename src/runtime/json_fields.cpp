#include "runtime/json_fields.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <charconv>
#include <cmath>
#include <utility>

#include "runtime/exact_json.hpp"
#include "runtime/utf8.hpp"

namespace emeth {
namespace {

constexpr std::size_t shown_bytes_max = 48;
constexpr std::size_t decimal_digits_max = 78;  // of 2^256 − 1

/// A value as shown in an error message: short, on one line, containers only by their size.
std::string shown(const boost::json::value& value) {
    if (value.is_array()) return fmt::format("an array of {}", value.get_array().size());
    if (value.is_object()) return fmt::format("an object of {} fields", value.get_object().size());
    if (value.is_string() && value.get_string().size() > shown_bytes_max)
        return fmt::format("a string of {} bytes", value.get_string().size());
    return one_line(boost::json::serialize(value));
}

/// A key from outside (only array indices and our own names get into paths, so it is short).
std::string element_path(std::string_view path, std::size_t index) {
    return fmt::format("{}[{}]", path, index);
}

std::optional<std::uint64_t> as_u64(const boost::json::value& value) {
    if (value.is_uint64()) return value.get_uint64();
    if (value.is_int64() && value.get_int64() >= 0) return static_cast<std::uint64_t>(value.get_int64());
    return std::nullopt;
}

bool is_decimal(std::string_view text) {
    return !text.empty() && text.size() <= decimal_digits_max &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// The escape of a UTF-16 unit at the start of `text`, "\\uD83D"; none if there is none.
std::optional<unsigned> escaped_unit(std::string_view text) {
    constexpr std::size_t length = 6;
    if (text.size() < length || !text.starts_with("\\u")) return std::nullopt;
    unsigned unit = 0;
    const auto [end, error] = std::from_chars(text.data() + 2, text.data() + length, unit, 16);
    return error == std::errc{} && end == text.data() + length ? std::optional(unit) : std::nullopt;
}

/// Unpaired surrogates, which only escapes can make, become U+FFFD.
std::string paired_surrogates(std::string_view json) {
    constexpr std::string_view replacement = "\\ufffd";
    std::string paired;
    while (!json.empty()) {
        const std::size_t escape = std::min(json.find('\\'), json.size());
        paired += json.substr(0, escape);
        json.remove_prefix(escape);
        const auto unit = escaped_unit(json);
        const bool high = unit && *unit >= 0xD800 && *unit <= 0xDBFF, low = unit && *unit >= 0xDC00 && *unit <= 0xDFFF;
        const auto second = high ? escaped_unit(json.substr(replacement.size())) : std::nullopt;
        const bool pair = second && *second >= 0xDC00 && *second <= 0xDFFF;
        const std::size_t length = pair ? 2 * replacement.size() : unit ? replacement.size() : 2;
        paired += (high && !pair) || low ? replacement : json.substr(0, length);
        json.remove_prefix(std::min(length, json.size()));
    }
    return paired;
}

template <class Number>
std::string range_words(Number minimum, Number maximum) {
    using Limits = std::numeric_limits<Number>;
    if (maximum == Limits::max() && minimum == Limits::min())
        return Limits::min() == 0 ? "a whole number, not negative" : "a whole number";
    if (maximum == Limits::max()) return fmt::format("a whole number from {}", minimum);
    return fmt::format("a whole number from {} to {}", minimum, maximum);
}

}  // namespace

Result<boost::json::value> parse_json(std::string_view text, std::size_t bytes_max, std::string_view what) {
    if (text.size() > bytes_max)
        return permanent_error(fmt::format("{} has {} bytes; at most {} are read", what, text.size(), bytes_max));
    boost::system::error_code error;
    boost::json::value value = parse_exactly(text, json_depth_max, error);
    if (error) return permanent_error(fmt::format("{} is not valid JSON: {}", what, error.message()));
    return value;
}

Result<boost::json::value> parse_json_leniently(std::string_view text, std::size_t bytes_max, std::string_view what) {
    constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
    if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
    Result<boost::json::value> strict = parse_json(text, bytes_max, what);
    if (strict.has_value() || text.size() > bytes_max) return strict;
    std::string mended = paired_surrogates(valid_utf8(text));
    std::ranges::replace_if(mended, [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
    return parse_json(mended, 3 * bytes_max, what);  // U+FFFD has three bytes
}

std::string json_text(const boost::json::value& value) {
    const std::string serialized = boost::json::serialize(value);
    std::string text;
    text.reserve(serialized.size());
    // Beyond ASCII there is nothing but the contents of strings.
    for (std::string_view rest = serialized; !rest.empty();) {
        const std::size_t length = utf8_character(rest);
        const std::string_view character = rest.substr(0, length == 0 ? 1 : length);
        if (length == 0)
            text += "\\ufffd";
        else if (character == "\x7f")
            text += "\\u007f";
        else if (character.size() == 2 && character >= "\xC2\x80" && character <= "\xC2\x9F")
            text += fmt::format("\\u00{:02x}", static_cast<std::uint8_t>(character[1]));
        else
            text += character;
        rest.remove_prefix(character.size());
    }
    return text;
}

Result<std::span<const boost::json::value>> json_array(const boost::json::value& value, std::size_t count_max,
                                                       std::string_view what) {
    if (!value.is_array()) return permanent_error(fmt::format("{} is {}; expected an array", what, shown(value)));
    const boost::json::array& array = value.get_array();
    if (array.size() > count_max)
        return permanent_error(fmt::format("{} has {} elements; at most {} are read", what, array.size(), count_max));
    return std::span<const boost::json::value>(array.data(), array.size());
}

JsonObject::JsonObject(const boost::json::value& value, std::string_view what)
    : JsonObject(&value, "", std::make_shared<FirstError>(FirstError{std::string(what), std::nullopt})) {
    if (fields_ == nullptr)
        first_error_->error = permanent_error(fmt::format("{} is {}; expected an object", what, shown(value)));
}

JsonObject::JsonObject(const boost::json::value* value, std::string path, std::shared_ptr<FirstError> first_error)
    : fields_(value == nullptr ? nullptr : value->if_object()),
      path_(std::move(path)),
      first_error_(std::move(first_error)) {}

const boost::json::value* JsonObject::find(std::string_view key) const {
    return fields_ == nullptr ? nullptr : fields_->if_contains(key);
}

bool JsonObject::has(std::string_view key) const {
    const boost::json::value* value = find(key);
    return value != nullptr && !value->is_null();
}

void JsonObject::reject(std::string_view key, std::string_view expected) {
    reject_at(path_ + std::string(key), find(key), expected);
}

void JsonObject::reject_at(const std::string& path, const boost::json::value* value, std::string_view expected) {
    if (first_error_->error) return;
    const std::string is = value == nullptr ? "missing" : shown(*value);
    first_error_->error =
        permanent_error(fmt::format("{}: field '{}' is {}; expected {}", first_error_->what, path, is, expected));
}

Result<void> JsonObject::check() const {
    if (first_error_->error) return *first_error_->error;
    return {};
}

std::string JsonObject::string(std::string_view key, std::size_t bytes_max) {
    const boost::json::value* value = find(key);
    if (value != nullptr && value->is_string() && value->get_string().size() <= bytes_max)
        return std::string(value->get_string());
    reject(key, fmt::format("a string of at most {} bytes", bytes_max));
    return {};
}

std::uint64_t JsonObject::u64(std::string_view key, std::uint64_t minimum, std::uint64_t maximum) {
    const boost::json::value* value = find(key);
    if (value != nullptr) {
        const std::optional<std::uint64_t> number = as_u64(*value);
        if (number && *number >= minimum && *number <= maximum) return *number;
    }
    reject(key, range_words(minimum, maximum));
    return 0;
}

std::int64_t JsonObject::i64(std::string_view key, std::int64_t minimum, std::int64_t maximum) {
    const boost::json::value* value = find(key);
    if (value != nullptr && value->is_int64() && value->get_int64() >= minimum && value->get_int64() <= maximum)
        return value->get_int64();
    reject(key, range_words(minimum, maximum));
    return 0;
}

double JsonObject::number(std::string_view key) {
    const boost::json::value* value = find(key);
    if (value != nullptr && value->is_number()) {
        const double number = value->to_number<double>();
        if (std::isfinite(number)) return number;
    }
    reject(key, "a finite number");
    return 0;
}

bool JsonObject::boolean(std::string_view key) {
    const boost::json::value* value = find(key);
    if (value != nullptr && value->is_bool()) return value->get_bool();
    reject(key, "true or false");
    return false;
}

std::string JsonObject::decimal(std::string_view key) {
    const boost::json::value* value = find(key);
    if (value != nullptr && value->is_string() && is_decimal(value->get_string()))
        return std::string(value->get_string());
    reject(key, "a decimal string");
    return {};
}

void JsonObject::fixed_bytes(std::string_view key, std::span<std::uint8_t> out) {
    const boost::json::value* value = find(key);
    const boost::json::string* text = value == nullptr ? nullptr : value->if_string();
    if (text != nullptr && text->starts_with("0x") && from_hex(*text, out)) return;
    std::fill(out.begin(), out.end(), std::uint8_t{0});
    reject(key, fmt::format("0x and {} hex digits", 2 * out.size()));
}

JsonObject JsonObject::object(std::string_view key) {
    const boost::json::value* value = find(key);
    if (value == nullptr || !value->is_object()) reject(key, "an object");
    return JsonObject(value, fmt::format("{}{}.", path_, key), first_error_);
}

std::span<const boost::json::value> JsonObject::array(std::string_view key, std::size_t count_max) {
    const boost::json::value* value = find(key);
    const boost::json::array* array = value == nullptr ? nullptr : value->if_array();
    if (array != nullptr && array->size() <= count_max) return {array->data(), array->size()};
    reject(key, fmt::format("an array of at most {}", count_max));
    return {};
}

std::vector<JsonObject> JsonObject::objects(std::string_view key, std::size_t count_max) {
    std::vector<JsonObject> objects;
    const std::string path = path_ + std::string(key);
    for (const boost::json::value& element : array(key, count_max)) {
        const std::string place = element_path(path, objects.size());
        if (!element.is_object()) reject_at(place, &element, "an object");
        objects.push_back(JsonObject(&element, place + ".", first_error_));
    }
    return objects;
}

std::optional<std::string> JsonObject::optional_string(std::string_view key, std::size_t bytes_max) {
    if (!has(key)) return std::nullopt;
    return string(key, bytes_max);
}

std::optional<std::uint64_t> JsonObject::optional_u64(std::string_view key, std::uint64_t minimum,
                                                      std::uint64_t maximum) {
    if (!has(key)) return std::nullopt;
    return u64(key, minimum, maximum);
}

std::optional<std::int64_t> JsonObject::optional_i64(std::string_view key, std::int64_t minimum, std::int64_t maximum) {
    if (!has(key)) return std::nullopt;
    return i64(key, minimum, maximum);
}

std::optional<double> JsonObject::optional_number(std::string_view key) {
    if (!has(key)) return std::nullopt;
    return number(key);
}

std::optional<bool> JsonObject::optional_boolean(std::string_view key) {
    if (!has(key)) return std::nullopt;
    return boolean(key);
}

std::optional<std::string> JsonObject::optional_decimal(std::string_view key) {
    if (!has(key)) return std::nullopt;
    return decimal(key);
}

std::optional<JsonObject> JsonObject::optional_object(std::string_view key) {
    if (!has(key)) return std::nullopt;
    return object(key);
}

}  // namespace emeth
