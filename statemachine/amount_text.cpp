#include "statemachine/amount_text.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace emeth {
namespace {

constexpr std::size_t decimals_per_token = 18;
constexpr std::size_t digits_max = 78;  // of 2^256 - 1

/// Base 2^32, the most significant first.
using Limbs = std::array<std::uint32_t, Wei::size_bytes / sizeof(std::uint32_t)>;

Limbs limbs_of(const Wei& amount) {
    Limbs limbs{};
    for (std::size_t i = 0; i < amount.bytes.size(); ++i)
        limbs[i / sizeof(std::uint32_t)] = limbs[i / sizeof(std::uint32_t)] << 8 | amount.bytes[i];
    return limbs;
}

/// Divides what follows `begin` in place and returns the remainder.
std::uint32_t divide(Limbs::iterator begin, Limbs::iterator end, std::uint32_t divisor) {
    std::uint64_t remainder = 0;
    for (; begin != end; ++begin) {
        const std::uint64_t value = remainder << 32 | *begin;
        *begin = static_cast<std::uint32_t>(value / divisor);
        remainder = value % divisor;
    }
    return static_cast<std::uint32_t>(remainder);
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
    constexpr std::uint32_t billion = 1'000'000'000;
    constexpr std::size_t digits_of_it = 9;
    Limbs rest = limbs_of(amount);
    const auto is_set = [](std::uint32_t limb) { return limb != 0; };
    auto first = std::ranges::find_if(rest, is_set);
    if (first == rest.end()) return "0";
    std::array<char, digits_max + digits_of_it> text{};
    auto begin = text.end();
    for (; first != rest.end(); first = std::find_if(first, rest.end(), is_set)) {
        std::uint32_t piece = divide(first, rest.end(), billion);
        for (std::size_t digit = 0; digit < digits_of_it; ++digit, piece /= 10)
            *--begin = static_cast<char>('0' + piece % 10);
    }
    return {std::find_if(begin, text.end(), [](char digit) { return digit != '0'; }), text.end()};
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
