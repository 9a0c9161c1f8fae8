// The plain value types of the whole program: ids, addresses, hashes and amounts. Standard library only. All of them
// are big-endian byte strings, so that `<=>` gives their numerical order.
#pragma once

#include <algorithm>
#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace emeth {

/// Lower-case hex with a leading "0x".
std::string to_hex(std::span<const std::uint8_t> bytes);

/// Decodes hex, with or without "0x", into exactly `out.size()` bytes; false when the length or a digit is wrong.
bool from_hex(std::string_view text, std::span<std::uint8_t> out);

/// A fixed-size byte string; different `Tag`s give distinct types that do not convert into each other.
template <std::size_t N, class Tag>
struct FixedBytes {
    static constexpr std::size_t size_bytes = N;
    std::array<std::uint8_t, N> bytes{};

    friend auto operator<=>(const FixedBytes&, const FixedBytes&) = default;

    /// 0x-prefixed lower-case hex.
    [[nodiscard]] std::string hex() const { return to_hex(bytes); }
    [[nodiscard]] bool is_zero() const {
        return std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t byte) { return byte == 0; });
    }
    /// Accepts exactly N bytes of hex, with or without 0x; nothing else.
    static std::optional<FixedBytes> parse(std::string_view text) {
        FixedBytes value;
        if (!from_hex(text, value.bytes)) return std::nullopt;
        return value;
    }
};

using JobId = FixedBytes<16, struct JobIdTag>;      ///< bytes16 of the contract
using Address = FixedBytes<20, struct AddressTag>;  ///< of a wallet or a contract
using Hash256 = FixedBytes<32, struct Hash256Tag>;  ///< Keccak-256 or SHA-256, as the name of the field says
using Wei = FixedBytes<32, struct WeiTag>;  ///< a uint256 amount of EMT or ALT; arithmetic lives in chain/amount.hpp

}  // namespace emeth
