// Pieces that were cut out of the middle of a text in UTF-8.
#pragma once

#include <string_view>

namespace emeth {

/// Whether the byte belongs to the character before it.
bool continues_character(char byte);

/// `piece` without the rest of a character at its beginning, at most 3 bytes, and without one that is cut at its end.
std::string_view whole_characters(std::string_view piece);

}  // namespace emeth
