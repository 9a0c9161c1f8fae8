// Text whose bytes come from outside: param and dataset names on chain, answers of servers, last words of a child.
//
//   spdlog::info("requested by {}", one_line(details.param, 200));
//   object["param"] = valid_utf8(details.param);
#pragma once

#include <cstddef>
#include <limits>
#include <string>
#include <string_view>

namespace emeth {

/// Length of the well-formed character at the start of `text`, which is not empty; 0 if there is none. RFC 3629: no
/// overlong forms, no surrogates, nothing beyond U+10FFFF.
std::size_t utf8_character(std::string_view text);

bool is_utf8(std::string_view text);

/// `text` with each byte that is not part of well-formed UTF-8 replaced by U+FFFD.
std::string valid_utf8(std::string_view text);

/// `text` fit for a terminal and a log: what is not UTF-8, the control characters C0, DEL and C1 (U+0080 to U+009F),
/// line and paragraph separators and the marks that change the direction of writing are written as \xNN, byte by byte.
/// The result is cut, with "…", so that it has at most `bytes_max` bytes (from 8 on).
std::string one_line(std::string_view text, std::size_t bytes_max = std::numeric_limits<std::size_t>::max());

}  // namespace emeth
