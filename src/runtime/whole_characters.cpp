#include "runtime/whole_characters.hpp"

#include <algorithm>
#include <cstddef>

#include "runtime/utf8.hpp"

namespace emeth {

bool continues_character(char byte) {
    return (static_cast<unsigned char>(byte) & 0xC0) == 0x80;
}

std::string_view whole_characters(std::string_view piece) {
    for (int i = 0; i < 3 && !piece.empty() && continues_character(piece.front()); ++i) piece.remove_prefix(1);
    for (std::size_t back = 1; back <= std::min<std::size_t>(4, piece.size()); ++back) {
        const std::string_view tail = piece.substr(piece.size() - back);
        if (continues_character(tail.front())) continue;
        if (!is_utf8(tail)) piece.remove_suffix(back);
        break;
    }
    return piece;
}

}  // namespace emeth
