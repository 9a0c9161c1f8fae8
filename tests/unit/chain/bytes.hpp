// Bytes as hex text, for expectations that can be read.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "statemachine/types.hpp"

namespace emeth::chain::test {

/// Blanks are skipped, so that words can stand on lines of their own.
inline std::vector<std::uint8_t> bytes(std::string_view hex) {
    std::string digits;
    for (const char c : hex) {
        if (c != ' ' && c != '\n') digits.push_back(c);
    }
    if (digits.starts_with("0x")) digits.erase(0, 2);
    std::vector<std::uint8_t> out(digits.size() / 2);
    if (!from_hex(digits, out)) throw std::invalid_argument("no hex: " + digits);
    return out;
}

template <class Fixed>
Fixed fixed(std::string_view hex) {
    const std::optional<Fixed> value = Fixed::parse(hex);
    if (!value) throw std::invalid_argument("wrong length: " + std::string(hex));
    return *value;
}

/// A number in the last bytes.
template <class Fixed>
Fixed numbered(std::uint8_t number) {
    Fixed value;
    value.bytes.back() = number;
    return value;
}

}  // namespace emeth::chain::test
