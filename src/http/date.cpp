#include "http/date.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstddef>

namespace emeth::http {
namespace {

constexpr std::string_view shape = "ddd, 00 mmm 0000 00:00:00 GMT";
constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::array<std::string_view, 7> days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};

/// -1 if these characters are no number.
int number(std::string_view text, std::size_t at, std::size_t digits) {
    int value = 0;
    const char* const end = text.data() + at + digits;
    const auto read = std::from_chars(text.data() + at, end, value);
    return read.ec == std::errc() && read.ptr == end ? value : -1;
}

bool has_the_shape(std::string_view text) {
    if (text.size() != shape.size()) return false;
    for (std::size_t i = 0; i < shape.size(); ++i) {
        const bool is_free = shape[i] == 'd' || shape[i] == 'm' || shape[i] == '0';
        if (!is_free && text[i] != shape[i]) return false;
    }
    return std::find(days.begin(), days.end(), text.substr(0, 3)) != days.end();
}

}  // namespace

std::optional<std::int64_t> parse_date(std::string_view text) {
    if (!has_the_shape(text)) return std::nullopt;
    const auto month = std::find(months.begin(), months.end(), text.substr(8, 3));
    const int day = number(text, 5, 2), year = number(text, 12, 4);
    const int hour = number(text, 17, 2), minute = number(text, 20, 2), second = number(text, 23, 2);
    if (month == months.end() || day < 1 || year < 1970 || hour < 0 || hour > 23 || minute < 0 || minute > 59 ||
        second < 0 || second > 60)  // a leap second
        return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year(year),
                                           std::chrono::month(static_cast<unsigned>(month - months.begin()) + 1),
                                           std::chrono::day(static_cast<unsigned>(day))};
    if (!date.ok()) return std::nullopt;
    const std::int64_t days_since = std::chrono::sys_days(date).time_since_epoch().count();
    return ((days_since * 24 + hour) * 60 + minute) * 60 + second;
}

std::string format_date(std::int64_t unix_s) {
    const std::chrono::sys_seconds time{std::chrono::seconds(unix_s)};
    const auto midnight = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date(midnight);
    const std::int64_t second = (time - midnight).count();
    return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", days[std::chrono::weekday(midnight).c_encoding()],
                       static_cast<unsigned>(date.day()), months[static_cast<unsigned>(date.month()) - 1],
                       static_cast<int>(date.year()), second / 3'600, second / 60 % 60, second % 60);
}

}  // namespace emeth::http
