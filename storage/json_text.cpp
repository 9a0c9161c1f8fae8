#include "storage/json_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <stdexcept>
#include <string>

#include "runtime/utf8.hpp"

namespace emeth::storage {
namespace {

bool is_plain(char c) {
    return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

/// How many characters come first that need no escape: eight at a time, as long as all of them are plain.
std::size_t plain_characters(std::string_view text) {
    constexpr std::uint64_t ones = 0x0101010101010101, high_bits = 0x80 * ones;
    // The high bit of a byte that is 0 is set in the result, and others only above such a byte.
    const auto zeros = [](std::uint64_t word) { return (word - ones) & ~word; };
    std::size_t plain = 0;
    for (std::uint64_t word = 0; plain + sizeof word <= text.size(); plain += sizeof word) {
        std::memcpy(&word, text.data() + plain, sizeof word);
        const std::uint64_t control = (word - 0x20 * ones) & ~word;
        const std::uint64_t special = zeros(word ^ '"' * ones) | zeros(word ^ '\\' * ones) | zeros(word ^ 0x7f * ones);
        if (((word | control | special) & high_bits) != 0) break;
    }
    while (plain < text.size() && is_plain(text[plain])) ++plain;
    return plain;
}

std::string_view short_escape(char c) {
    switch (c) {
        case '"':
            return "\\\"";
        case '\\':
            return "\\\\";
        case '\b':
            return "\\b";
        case '\f':
            return "\\f";
        case '\n':
            return "\\n";
        case '\r':
            return "\\r";
        case '\t':
            return "\\t";
        default:
            return {};
    }
}

/// Appends one character of UTF-8 that is not plain.
void append_escaped(JsonText& json, std::string_view character) {
    const std::string_view escape = short_escape(character[0]);
    const bool is_c1 = character.size() == 2 && character >= "\xC2\x80" && character <= "\xC2\x9F";
    if (!escape.empty())
        json.raw(escape);
    else if (is_c1 || character.size() == 1)
        json.raw(fmt::format("\\u00{:02x}", static_cast<std::uint8_t>(character.back())));
    else
        json.raw(character);
}

constexpr std::array<std::array<char, 2>, 256> hex_digits = [] {
    constexpr std::string_view digits = "0123456789abcdef";
    std::array<std::array<char, 2>, 256> pairs{};
    for (std::size_t byte = 0; byte < pairs.size(); ++byte) pairs[byte] = {digits[byte >> 4], digits[byte & 15]};
    return pairs;
}();

}  // namespace

ShortText::ShortText(std::string_view text) : size_(text.size()) {
    if (text.size() > characters_max) throw std::length_error("too long to be a ShortText: " + std::string(text));
    std::ranges::copy(text, characters_.begin());
}

void JsonText::grow(std::size_t characters) {
    constexpr std::size_t first = 4'096;
    const std::size_t used = size();
    const std::size_t wanted =
        std::max({first, 2 * static_cast<std::size_t>(limit_ - memory_.get()), used + characters});
    std::unique_ptr<char[]> larger(new char[wanted]);
    if (used > 0) std::memcpy(larger.get(), memory_.get(), used);
    memory_ = std::move(larger);
    end_ = memory_.get() + used;
    limit_ = memory_.get() + wanted;
}

bool JsonText::string(std::string_view text) {
    constexpr std::size_t quotes = 2;
    const std::size_t plain = plain_characters(text);
    if (plain < text.size()) return escaped_string(text, plain);
    char* begin = room(text.size() + quotes);
    *begin = '"';
    std::ranges::copy(text, begin + 1);
    begin[text.size() + 1] = '"';
    end_ += text.size() + quotes;
    return true;
}

/// `plain` characters of it are known to need no escape.
bool JsonText::escaped_string(std::string_view text, std::size_t plain) {
    bool is_valid = true;
    raw('"');
    for (;;) {
        raw(text.substr(0, plain));
        text.remove_prefix(plain);
        if (text.empty()) break;
        const std::size_t length = utf8_character(text);
        if (length == 0) {
            raw("\xEF\xBF\xBD");
            is_valid = false;
        } else {
            append_escaped(*this, text.substr(0, length));
        }
        text.remove_prefix(std::max<std::size_t>(length, 1));
        plain = plain_characters(text);
    }
    raw('"');
    return is_valid;
}

void JsonText::hex(std::string_view bytes) {
    constexpr std::string_view before = "\"0x";
    char* at = std::ranges::copy(before, room(2 * bytes.size() + before.size() + 1)).out;
    for (const char byte : bytes) {
        std::memcpy(at, hex_digits[static_cast<std::uint8_t>(byte)].data(), 2);
        at += 2;
    }
    *at = '"';
    end_ = at + 1;
}

template <class Number>
void JsonText::digits(Number value) {
    constexpr std::size_t digits_max = 32;  // the longest double has 24 characters
    char* begin = room(digits_max);
    end_ = std::to_chars(begin, begin + digits_max, value).ptr;
}

template void JsonText::digits(std::uint64_t);
template void JsonText::digits(std::int64_t);

void JsonText::number(double value) {
    if (std::isnan(value)) return raw("null");
    if (std::isinf(value)) return raw(value > 0 ? "\"Infinity\"" : "\"-Infinity\"");
    if (value == 0 && std::signbit(value)) return raw("-0.0");  // readers take -0 for the whole number
    digits(value);
}

}  // namespace emeth::storage
