#include "storage/json_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <string>

#include "runtime/utf8.hpp"

namespace emeth::storage {
namespace {

bool is_plain(char c) {
    return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
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

/// Of one character of UTF-8 that is not plain.
std::string escaped(std::string_view character) {
    const std::string_view escape = short_escape(character[0]);
    const bool is_c1 = character.size() == 2 && character >= "\xC2\x80" && character <= "\xC2\x9F";
    if (!escape.empty()) return std::string(escape);
    if (is_c1 || character.size() == 1) return fmt::format("\\u00{:02x}", static_cast<std::uint8_t>(character.back()));
    return std::string(character);
}

constexpr std::array<std::array<char, 2>, 256> hex_digits = [] {
    constexpr std::string_view digits = "0123456789abcdef";
    std::array<std::array<char, 2>, 256> pairs{};
    for (std::size_t byte = 0; byte < pairs.size(); ++byte) pairs[byte] = {digits[byte >> 4], digits[byte & 15]};
    return pairs;
}();

}  // namespace

void JsonText::grow(std::size_t bytes) {
    constexpr std::size_t first = 4'096;
    const std::size_t wanted = std::max({first, 2 * capacity_, size_ + bytes});
    std::unique_ptr<char[]> larger(new char[wanted]);
    if (size_ > 0) std::memcpy(larger.get(), memory_.get(), size_);
    memory_ = std::move(larger);
    capacity_ = wanted;
}

void JsonText::string(std::string_view text) {
    raw('"');
    while (!text.empty()) {
        const auto plain =
            static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), is_plain) - text.begin());
        raw(text.substr(0, plain));
        text.remove_prefix(plain);
        if (text.empty()) break;
        const std::size_t length = utf8_character(text);
        raw(length == 0 ? std::string("\xEF\xBF\xBD") : escaped(text.substr(0, length)));
        text.remove_prefix(std::max<std::size_t>(length, 1));
    }
    raw('"');
}

void JsonText::hex(std::string_view bytes) {
    raw("\"0x");
    char* end = room(2 * bytes.size());
    for (const char byte : bytes) {
        std::memcpy(end, hex_digits[static_cast<std::uint8_t>(byte)].data(), 2);
        end += 2;
    }
    size_ += 2 * bytes.size();
    raw('"');
}

template <class Number>
void JsonText::digits(Number value) {
    constexpr std::size_t digits_max = 32;  // the longest double has 24 characters
    char* begin = room(digits_max);
    size_ += static_cast<std::size_t>(std::to_chars(begin, begin + digits_max, value).ptr - begin);
}

void JsonText::number(double value) {
    if (std::isnan(value)) return raw("null");
    if (std::isinf(value)) return raw(value > 0 ? "\"Infinity\"" : "\"-Infinity\"");
    digits(value);
}

void JsonText::number(std::uint64_t value) {
    digits(value);
}

void JsonText::number(std::int64_t value) {
    digits(value);
}

}  // namespace emeth::storage
