// Text for a terminal of 80 columns.
#pragma once

#include <string_view>

namespace emeth::cli {

/// Prints `text` behind `indent`, which begins the first line; the others are as far in. Breaks at spaces, so that no
/// line is wider than the terminal, unless a word is. Prints nothing if there is no text.
void print_wrapped(std::string_view indent, std::string_view text);

}  // namespace emeth::cli
