#include "cli/answer_text.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "chain/amount.hpp"
#include "runtime/json_fields.hpp"
#include "runtime/utf8.hpp"
#include "statemachine/text.hpp"

namespace emeth::cli {

std::string text_of(const Answer& object, std::string_view key) {
    const auto* value = object.if_contains(key);
    if (value == nullptr) return "-";
    return value->is_string() ? one_line(value->get_string()) : json_text(*value);
}

std::int64_t number_of(const Answer& object, std::string_view key) {
    const auto* value = object.if_contains(key);
    if (value == nullptr || !value->is_number()) return 0;
    constexpr double largest = 9e15;  // what is counted by a worker may be any number
    return static_cast<std::int64_t>(std::clamp(value->to_number<double>(), -largest, largest));
}

double real_of(const Answer& object, std::string_view key) {
    const auto* value = object.if_contains(key);
    return value != nullptr && value->is_number() ? value->to_number<double>() : 0;
}

const Answer& object_of(const Answer& object, std::string_view key) {
    static const Answer none;
    const auto* value = object.if_contains(key);
    return value != nullptr && value->is_object() ? value->get_object() : none;
}

bool is_set(const Answer& object, std::string_view key) {
    const auto* value = object.if_contains(key);
    return value != nullptr && value->is_bool() && value->get_bool();
}

const boost::json::array& list_of(const Answer& object, std::string_view key) {
    static const boost::json::array none;
    const auto* value = object.if_contains(key);
    return value != nullptr && value->is_array() ? value->get_array() : none;
}

std::string coins_of(const Answer& object, std::string_view key) {
    const auto wei = chain::parse_wei(text_of(object, key));
    return wei.has_value() ? chain::format_coins(*wei) : "-";
}

std::string few_decimals(const Answer& object, std::string_view key) {
    return few_decimals(coins_of(object, key));
}

std::string few_decimals(std::string coins) {
    if (const auto point = coins.find('.'); point != std::string::npos) coins.resize(std::min(coins.size(), point + 3));
    return coins;
}

std::string duration_or_dash(const Answer& object, std::string_view key) {
    if (!object.contains(key)) return "-";
    const std::int64_t seconds = number_of(object, key);
    return seconds < 0 ? "-" + duration_text(-seconds) : duration_text(seconds);
}

std::string short_id(const std::string& hex) {
    return hex.size() > 10 ? hex.substr(0, 10) + "…" : hex;
}

}  // namespace emeth::cli
