// The Date of HTTP messages, as RFC 9110 (section 5.6.7) has servers write it: "Sun, 06 Nov 1994 08:49:37 GMT". Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace emeth::http {

/// Unix seconds. None if `text` is anything else, also in one of the two obsolete formats; the day's name is not
/// compared with the date.
std::optional<std::int64_t> parse_date(std::string_view text);
/// `unix_s`: of the years 1970 to 9999.
std::string format_date(std::int64_t unix_s);

}  // namespace emeth::http
