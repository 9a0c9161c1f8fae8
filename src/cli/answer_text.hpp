// Reading a master's answers, and writing them for people. Our own program gave them, but a reason may
// quote what a stranger wrote.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <cstdint>
#include <string>
#include <string_view>

namespace emeth::cli {

using Answer = boost::json::object;

/// On one line; "-" if it is missing.
std::string text_of(const Answer& object, std::string_view key);
/// 0 if it is missing or no number.
std::int64_t number_of(const Answer& object, std::string_view key);
double real_of(const Answer& object, std::string_view key);
bool is_set(const Answer& object, std::string_view key);
/// Empty if it is missing or something else.
const Answer& object_of(const Answer& object, std::string_view key);
const boost::json::array& list_of(const Answer& object, std::string_view key);

/// Decimal wei → "12.5".
std::string coins_of(const Answer& object, std::string_view key);
/// The same, cut to two decimals: enough to look at.
std::string few_decimals(const Answer& object, std::string_view key);
std::string few_decimals(std::string coins);
/// Seconds → "2 h 5 min", "-3 min"; "-" if they are missing.
std::string duration_or_dash(const Answer& object, std::string_view key);
/// "0x12ab34cd…"
std::string short_id(const std::string& hex);

}  // namespace emeth::cli
