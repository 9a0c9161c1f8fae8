#include "runtime/utc_text.hpp"

#include <fmt/chrono.h>

#include <ctime>

namespace emeth {

std::string utc_text(std::int64_t unix_ms) {
    return fmt::format("{:%Y-%m-%d %H:%M:%S}", fmt::gmtime(static_cast<std::time_t>(unix_ms / 1'000)));
}

std::string utc_date(std::int64_t unix_ms) {
    return fmt::format("{:%Y-%m-%d}", fmt::gmtime(static_cast<std::time_t>(unix_ms / 1'000)));
}

}  // namespace emeth
