#include "cli/terminal.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <utility>

#include "runtime/parse_number.hpp"
#include "runtime/utf8.hpp"

namespace emeth::cli {

namespace {

constexpr std::string_view ellipsis = "…";
constexpr std::size_t columns_min = 20, columns_max = 10'000;

using Ranges = std::array<std::pair<char32_t, char32_t>, 12>;
constexpr Ranges wide{{{0x1100, 0x115F},
                       {0x2E80, 0x303E},
                       {0x3041, 0x33FF},
                       {0x3400, 0x4DBF},
                       {0x4E00, 0xA4CF},
                       {0xAC00, 0xD7A3},
                       {0xF900, 0xFAFF},
                       {0xFE30, 0xFE6F},
                       {0xFF00, 0xFF60},
                       {0xFFE0, 0xFFE6},
                       {0x1F300, 0x1FAFF},
                       {0x20000, 0x3FFFD}}};

/// Of one character of UTF-8.
char32_t code_point(std::string_view character) {
    if (character.size() == 1) return static_cast<unsigned char>(character[0]);
    char32_t value = static_cast<unsigned char>(character[0]) & (0x7F >> character.size());
    for (const char byte : character.substr(1)) value = value << 6 | (static_cast<unsigned char>(byte) & 0x3F);
    return value;
}

std::size_t width(char32_t character) {
    const auto within = [&](char32_t first, char32_t last) { return character >= first && character <= last; };
    if (within(0x0300, 0x036F) || within(0x200B, 0x200D) || within(0xFE00, 0xFE0F)) return 0;
    return std::ranges::any_of(wide, [&](const auto& range) { return within(range.first, range.second); }) ? 2 : 1;
}

/// The longest beginning that takes at most `columns`; at least one character if `at_least_one`.
std::string_view beginning(std::string_view text, std::size_t columns, bool at_least_one) {
    std::size_t bytes = 0, taken = 0;
    while (bytes < text.size()) {
        const std::size_t length = std::max<std::size_t>(utf8_character(text.substr(bytes)), 1);
        taken += width(code_point(text.substr(bytes, length)));
        if (taken > columns && !(at_least_one && bytes == 0)) break;
        bytes += length;
    }
    return text.substr(0, bytes);
}

}  // namespace

std::size_t terminal_columns() {
    winsize size{};
    if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return std::clamp<std::size_t>(size.ws_col, columns_min, columns_max);
    const char* given = std::getenv("COLUMNS");
    if (given == nullptr) return columns_default;
    const auto columns = parse_number<std::size_t>(given);
    return columns ? std::clamp(*columns, columns_min, columns_max) : columns_default;
}

std::size_t columns_of(std::string_view text) {
    std::size_t columns = 0;
    while (!text.empty()) {
        const std::size_t length = std::max<std::size_t>(utf8_character(text), 1);
        columns += width(code_point(text.substr(0, length)));
        text.remove_prefix(length);
    }
    return columns;
}

std::string cut_to(std::string_view text, std::size_t columns) {
    if (columns_of(text) <= columns) return std::string(text);
    if (columns == 0) return {};
    return std::string(beginning(text, columns - 1, false)) + std::string(ellipsis);
}

std::string padded(std::string_view text, std::size_t columns) {
    std::string cut = cut_to(text, columns);
    cut.append(columns - columns_of(cut), ' ');
    return cut;
}

std::vector<std::string> wrapped(std::string_view indent, std::string_view text, std::size_t columns) {
    const std::size_t inner = columns_of(indent);
    const std::size_t room = columns > inner + 1 ? columns - inner : 1;
    std::vector<std::string> lines;
    std::string line;
    const auto end_line = [&] {
        lines.push_back((lines.empty() ? std::string(indent) : std::string(inner, ' ')) + line);
        line.clear();
    };
    while (!text.empty()) {
        const std::size_t blank = std::min(text.find(' '), text.size());
        std::string_view word = text.substr(0, blank);
        text.remove_prefix(std::min(blank + 1, text.size()));
        if (!line.empty() && columns_of(line) + 1 + columns_of(word) > room) end_line();
        if (!line.empty()) line += ' ';
        while (columns_of(line) + columns_of(word) > room) {
            const std::string_view piece = beginning(word, room - columns_of(line), true);
            line += piece;
            word.remove_prefix(piece.size());
            end_line();
        }
        line += word;
    }
    if (!line.empty() || lines.empty()) end_line();
    return lines;
}

void print_wrapped(std::string_view indent, std::string_view text) {
    if (text.empty()) return;
    for (const std::string& line : wrapped(indent, text, terminal_columns())) fmt::print("{}\n", line);
}

bool says_yes(std::string_view question) {
    if (::isatty(STDIN_FILENO) == 0) return false;
    fmt::print(stderr, "{} [y/N] ", question);
    std::string answer;
    return std::getline(std::cin, answer) && (answer == "y" || answer == "Y" || answer == "yes");
}

}  // namespace emeth::cli
