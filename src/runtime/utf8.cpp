#include "runtime/utf8.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <cstring>
#include <iterator>

namespace emeth {
namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD", ellipsis = "…";

/// How many bytes of whole words of ASCII come first.
std::size_t ascii_bytes(std::string_view text) {
    constexpr std::uint64_t high_bits = 0x8080808080808080;
    std::size_t bytes = 0;
    for (std::uint64_t word = 0; bytes + sizeof word <= text.size(); bytes += sizeof word) {
        std::memcpy(&word, text.data() + bytes, sizeof word);
        if ((word & high_bits) != 0) break;
    }
    return bytes;
}

/// `character` is well-formed.
bool is_for_display(std::string_view character) {
    if (character.size() == 1) return character[0] >= 0x20 && character[0] != 0x7f;
    if (character.size() == 2) return character < "\xC2\x80" || character > "\xC2\x9F";
    const auto among = [&](std::string_view first, std::string_view last) {
        return character >= first && character <= last;
    };
    const bool separator_or_embedding = among("\xE2\x80\xA8", "\xE2\x80\xAE");  // U+2028 to U+202E
    const bool isolate = among("\xE2\x81\xA6", "\xE2\x81\xA9");                 // U+2066 to U+2069
    const bool mark = among("\xE2\x80\x8E", "\xE2\x80\x8F");                    // U+200E, U+200F
    return !separator_or_embedding && !isolate && !mark;
}

std::string escaped(std::string_view bytes) {
    std::string text;
    for (const char byte : bytes)
        fmt::format_to(std::back_inserter(text), "\\x{:02x}", static_cast<std::uint8_t>(byte));
    return text;
}

}  // namespace

std::size_t utf8_character(std::string_view text) {
    const auto byte = [&](std::size_t index) {
        return index < text.size() ? static_cast<std::uint8_t>(text[index]) : 0U;
    };
    const auto continues = [&](std::size_t index, unsigned low = 0x80, unsigned high = 0xBF) {
        return byte(index) >= low && byte(index) <= high;
    };
    const unsigned lead = byte(0);
    if (lead < 0x80) return 1;
    if (lead >= 0xC2 && lead <= 0xDF) return continues(1) ? 2 : 0;
    if (lead >= 0xE0 && lead <= 0xEF) {
        const bool second = continues(1, lead == 0xE0 ? 0xA0 : 0x80, lead == 0xED ? 0x9F : 0xBF);
        return second && continues(2) ? 3 : 0;
    }
    if (lead >= 0xF0 && lead <= 0xF4) {
        const bool second = continues(1, lead == 0xF0 ? 0x90 : 0x80, lead == 0xF4 ? 0x8F : 0xBF);
        return second && continues(2) && continues(3) ? 4 : 0;
    }
    return 0;
}

bool is_utf8(std::string_view text) {
    for (;;) {
        text.remove_prefix(ascii_bytes(text));
        if (text.empty()) return true;
        const std::size_t length = utf8_character(text);
        if (length == 0) return false;
        text.remove_prefix(length);
    }
}

std::string valid_utf8(std::string_view text) {
    std::string valid;
    valid.reserve(text.size());
    while (!text.empty()) {
        const std::size_t length = utf8_character(text);
        valid.append(length == 0 ? replacement : text.substr(0, length));
        text.remove_prefix(length == 0 ? 1 : length);
    }
    return valid;
}

std::string one_line(std::string_view text, std::size_t bytes_max) {
    std::string line;
    std::size_t fits = 0;  // of `line`, with the ellipsis after it
    while (!text.empty()) {
        const std::size_t length = utf8_character(text);
        const std::string_view character = text.substr(0, length == 0 ? 1 : length);
        if (length != 0 && is_for_display(character))
            line += character;
        else
            line += escaped(character);
        if (line.size() > bytes_max) return line.substr(0, fits) + std::string(ellipsis);
        if (line.size() + ellipsis.size() <= bytes_max) fits = line.size();
        text.remove_prefix(character.size());
    }
    return line;
}

}  // namespace emeth
