#include "cli/wrapped_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <string>

namespace emeth::cli {

void print_wrapped(std::string_view indent, std::string_view text) {
    constexpr std::size_t columns = 79;
    std::string line(indent);
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t space = std::min(text.find(' ', at), text.size());
        const std::string_view word = text.substr(at, space - at);
        if (line.size() > indent.size() && line.size() + 1 + word.size() > columns) {
            fmt::print("{}\n", line);
            line.assign(indent.size(), ' ');
        }
        if (line.size() > indent.size()) line += ' ';
        line += word;
        at = space + 1;
    }
    if (line.size() > indent.size()) fmt::print("{}\n", line);
}

}  // namespace emeth::cli
