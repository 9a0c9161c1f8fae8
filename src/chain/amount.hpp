// Amounts of EMT and ALT: checked 256-bit arithmetic, and their text forms.
#pragma once

#include <boost/multiprecision/cpp_int.hpp>
#include <cstdint>
#include <string>
#include <string_view>

#include "runtime/result.hpp"
#include "statemachine/types.hpp"

namespace emeth::chain {

/// Throws std::overflow_error or std::range_error instead of wrapping.
using U256 = boost::multiprecision::checked_uint256_t;

U256 to_u256(const Wei& wei);
Wei to_wei(const U256& value);
Wei to_wei(std::uint64_t value);

/// "12.5" with up to 18 decimals → wei. Error names the text.
Result<Wei> parse_coins(std::string_view text);
/// wei → "12.5": no trailing zeros, no exponent.
std::string format_coins(const Wei& wei);

/// amount * rate / 100000, rounded down, as the contract computes.
Wei rate_of(const Wei& amount, std::uint64_t rate);

}  // namespace emeth::chain
