// Times as people read them, in UTC.
#pragma once

#include <cstdint>
#include <string>

namespace emeth {

/// "2026-11-22 21:02:21".
std::string utc_text(std::int64_t unix_ms);
/// "2026-11-22".
std::string utc_date(std::int64_t unix_ms);

}  // namespace emeth
