#include "statemachine/amount_text.hpp"

#include <algorithm>

namespace emeth {
namespace {

constexpr std::size_t decimals_per_token = 18;
constexpr std::size_t digits_max = 78;  // of 2^256 - 1

/// Divides `amount` by ten in place and returns the remainder.
std::uint8_t divide_by_ten(Wei& amount) {
    unsigned remainder = 0;
    for (std::uint8_t& byte : amount.bytes) {
        const unsigned value = remainder << 8 | byte;
        byte = static_cast<std::uint8_t>(value / 10);
        remainder = value % 10;
    }
    return static_cast<std::uint8_t>(remainder);
}

/// amount = amount * 10 + digit; false on overflow.
bool append_digit(Wei& amount, unsigned digit) {
    unsigned carry = digit;
    for (auto byte = amount.bytes.rbegin(); byte != amount.bytes.rend(); ++byte) {
        const unsigned value = *byte * 10U + carry;
        *byte = static_cast<std::uint8_t>(value & 0xff);
        carry = value >> 8;
    }
    return carry == 0;
}

}  // namespace

std::string to_decimal(const Wei& amount) {
    std::string reversed;
    for (Wei rest = amount; !rest.is_zero();) reversed.push_back(static_cast<char>('0' + divide_by_ten(rest)));
    if (reversed.empty()) return "0";
    std::reverse(reversed.begin(), reversed.end());
    return reversed;
}

std::optional<Wei> wei_from_decimal(std::string_view text) {
    if (text.empty() || text.size() > digits_max) return std::nullopt;
    Wei amount;
    for (const char digit : text) {
        if (digit < '0' || digit > '9') return std::nullopt;
        if (!append_digit(amount, static_cast<unsigned>(digit - '0'))) return std::nullopt;
    }
    return amount;
}

std::string to_tokens(const Wei& amount) {
    std::string text = to_decimal(amount);
    if (text.size() <= decimals_per_token) text.insert(0, decimals_per_token + 1 - text.size(), '0');
    text.insert(text.size() - decimals_per_token, 1, '.');
    text.erase(text.find_last_not_of('0') + 1);
    if (text.back() == '.') text.pop_back();
    return text;
}

std::string emt_text(const std::optional<Wei>& amount) {
    return amount ? to_tokens(*amount) + " EMT" : "unknown";
}

}  // namespace emeth
