// Amounts as text. Pure, like everything in this folder.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "statemachine/types.hpp"

namespace emeth {

/// Wei in decimal, without leading zeros: "10000000000000000000".
std::string to_decimal(const Wei& amount);

/// The reverse: 1 to 78 decimal digits and nothing else; nullopt also when the value needs more than 256 bits.
std::optional<Wei> wei_from_decimal(std::string_view text);

/// Whole tokens of 10^18 wei with as many decimals as the amount has: "110", "7.5", "0.000000000000000001".
std::string to_tokens(const Wei& amount);

/// "7.5 EMT", or "unknown".
std::string emt_text(const std::optional<Wei>& amount);

}  // namespace emeth
