#include "runtime/utc_text.hpp"

#include <fmt/chrono.h>

#include <algorithm>
#include <chrono>
#include <ctime>

#include "runtime/parse_number.hpp"

namespace emeth {
namespace {

/// `text` has digits alone.
unsigned number_in(std::string_view text) {
    return parse_number<unsigned>(text).value_or(0);
}

}  // namespace

std::string utc_text(std::int64_t unix_ms) {
    return fmt::format("{:%Y-%m-%d %H:%M:%S}", fmt::gmtime(static_cast<std::time_t>(unix_ms / 1'000)));
}

std::string utc_date(std::int64_t unix_ms) {
    return fmt::format("{:%Y-%m-%d}", fmt::gmtime(static_cast<std::time_t>(unix_ms / 1'000)));
}

std::optional<std::int64_t> parse_utc_date(std::string_view text) {
    constexpr std::string_view form = "0000-00-00";
    const auto fits = [](char letter, char of_form) {
        return of_form == '0' ? letter >= '0' && letter <= '9' : letter == of_form;
    };
    if (!std::ranges::equal(text, form, fits)) return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(number_in(text.substr(0, 4)))),
                                           std::chrono::month(number_in(text.substr(5, 2))),
                                           std::chrono::day(number_in(text.substr(8, 2)))};
    if (!date.ok()) return std::nullopt;
    return std::chrono::sys_days(date).time_since_epoch().count();
}

}  // namespace emeth
