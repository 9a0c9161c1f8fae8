#include "chain/amount.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <optional>

namespace emeth::chain {
namespace {

namespace multiprecision = boost::multiprecision;

constexpr std::size_t coin_decimals = 18;
constexpr std::size_t wei_digits_max = 78;  // of 2^256 - 1

bool is_digits(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char digit) { return digit >= '0' && digit <= '9'; });
}

/// The text comes from outside, so an error repeats only its beginning.
std::string quoted(std::string_view text) {
    constexpr std::size_t shown_max = 100;
    return fmt::format("'{}{}'", text.substr(0, shown_max), text.size() > shown_max ? "…" : "");
}

/// None if the digits, at least one, exceed a uint256.
std::optional<Wei> wei_of_digits(std::string_view digits) {
    digits.remove_prefix(std::min(digits.find_first_not_of('0'), digits.size()));
    if (digits.size() > wei_digits_max) return std::nullopt;
    multiprecision::checked_uint512_t value = 0;
    for (const char digit : digits) value = value * 10 + static_cast<unsigned>(digit - '0');
    if (value > multiprecision::checked_uint512_t(std::numeric_limits<U256>::max())) return std::nullopt;
    return to_wei(U256(value));
}

Wei saturated(const multiprecision::checked_uint512_t& value) {
    const multiprecision::checked_uint512_t largest(std::numeric_limits<U256>::max());
    return to_wei(U256(value < largest ? value : largest));
}

}  // namespace

/// Boost copies bytes whose least significant one comes first; the other way round it shifts them in one by one.
U256 to_u256(const Wei& wei) {
    constexpr std::size_t byte_bits = 8;
    std::array<std::uint8_t, Wei::size_bytes> least_first{};
    std::ranges::reverse_copy(wei.bytes, least_first.begin());
    U256 value;
    multiprecision::import_bits(value, least_first.data(), least_first.data() + least_first.size(), byte_bits, false);
    return value;
}

Wei to_wei(const U256& value) {
    std::array<std::uint8_t, Wei::size_bytes> significant{};
    const auto end = multiprecision::export_bits(value, significant.begin(), 8);
    Wei wei;
    std::copy_backward(significant.begin(), end, wei.bytes.end());
    return wei;
}

Wei to_wei(std::uint64_t value) {
    Wei wei;
    for (std::size_t i = 0; i < sizeof value; ++i) {
        wei.bytes[Wei::size_bytes - 1 - i] = static_cast<std::uint8_t>(value >> (8 * i));
    }
    return wei;
}

Result<Wei> parse_coins(std::string_view text) {
    const std::size_t point = text.find('.');
    const std::string_view whole = text.substr(0, point);
    const std::string_view decimals = point == std::string_view::npos ? "" : text.substr(point + 1);
    const bool has_form = !whole.empty() && is_digits(whole) && is_digits(decimals) &&
                          (point == std::string_view::npos || !decimals.empty());
    if (!has_form || decimals.size() > coin_decimals) {
        return permanent_error("amount " + quoted(text) + " is not a decimal number with at most 18 decimals");
    }
    const std::string padding(coin_decimals - decimals.size(), '0');
    const std::optional<Wei> wei = whole.size() > wei_digits_max
                                       ? std::nullopt
                                       : wei_of_digits(std::string(whole) + std::string(decimals) + padding);
    if (!wei) return permanent_error("amount " + quoted(text) + " is larger than 2^256 - 1 wei");
    return *wei;
}

std::string format_coins(const Wei& wei) {
    std::string digits = format_wei(wei);
    if (digits.size() <= coin_decimals) digits.insert(0, coin_decimals + 1 - digits.size(), '0');
    digits.insert(digits.size() - coin_decimals, 1, '.');
    digits.erase(digits.find_last_not_of('0') + 1);
    if (digits.back() == '.') digits.pop_back();
    return digits;
}

double approximate_coins(const Wei& wei) {
    constexpr double wei_per_coin = 1e18;
    return to_u256(wei).convert_to<double>() / wei_per_coin;
}

Result<Wei> parse_wei(std::string_view text) {
    if (text.empty() || !is_digits(text)) {
        return permanent_error("amount " + quoted(text) + " is not a whole number of wei");
    }
    const std::optional<Wei> wei = wei_of_digits(text);
    if (!wei) return permanent_error("amount " + quoted(text) + " is larger than 2^256 - 1 wei");
    return *wei;
}

std::string format_wei(const Wei& wei) {
    return to_u256(wei).str();
}

Wei saturating_sum(const Wei& a, const Wei& b) {
    return saturated(multiprecision::checked_uint512_t(to_u256(a)) + to_u256(b));
}

Wei saturating_difference(const Wei& a, const Wei& b) {
    return a > b ? to_wei(to_u256(a) - to_u256(b)) : Wei{};
}

Wei rate_of(const Wei& amount, std::uint64_t rate) {
    return saturated(multiprecision::checked_uint512_t(to_u256(amount)) * rate / rate_denominator);
}

}  // namespace emeth::chain
