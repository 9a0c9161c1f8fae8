// Keccak-256 as Ethereum uses it (the padding before FIPS 202), by Crypto++.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "statemachine/types.hpp"

namespace emeth::crypto {

Hash256 keccak256(std::span<const std::uint8_t> bytes);
Hash256 keccak256(std::string_view text);

}  // namespace emeth::crypto
