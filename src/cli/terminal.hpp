// What a terminal shows: how wide it is, and text that fits.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace emeth::cli {

inline constexpr std::size_t columns_default = 80;

/// Of the terminal that standard output is, else the environment variable COLUMNS, else columns_default.
std::size_t terminal_columns();

/// Columns that `text`, which is UTF-8 without control characters (one_line() makes it so), takes: East Asian wide
/// characters take two, combining marks none.
std::size_t columns_of(std::string_view text);

/// `text`, cut with "…" if it takes more than `columns`.
std::string cut_to(std::string_view text, std::size_t columns);

/// cut_to(), filled with blanks up to `columns`.
std::string padded(std::string_view text, std::size_t columns);

/// `text` in lines of at most `columns`, broken at blanks, or inside a word that is longer than a line. The first
/// begins with `indent`, the others with as many blanks.
std::vector<std::string> wrapped(std::string_view indent, std::string_view text, std::size_t columns);

/// Prints wrapped() text that fits the terminal; nothing if there is no text.
void print_wrapped(std::string_view indent, std::string_view text);

/// Asks on standard error, and reads "y", "Y" or "yes". False where nobody can be asked: standard input is no terminal.
bool says_yes(std::string_view question);

}  // namespace emeth::cli
