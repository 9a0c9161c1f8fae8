// Times as people read them, in UTC.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace emeth {

/// "2026-11-22 21:02:21".
std::string utc_text(std::int64_t unix_ms);
/// "2026-11-22".
std::string utc_date(std::int64_t unix_ms);
/// "2026-11-22" → its number since 1970. None for anything else.
std::optional<std::int64_t> parse_utc_date(std::string_view text);

}  // namespace emeth
