// Amounts of EMT and ALT: checked 256-bit arithmetic, and their text forms. Pure. Includes Boost.Multiprecision; no
// other header of chain/ does, so include it only where something is computed.
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

/// The denominator of the contract's rates: 25000 of 100000 is a quarter.
inline constexpr std::uint64_t rate_denominator = 100'000;

U256 to_u256(const Wei& wei);
Wei to_wei(const U256& value);
Wei to_wei(std::uint64_t value);

/// "12.5" with up to 18 decimals → wei. Error names the text.
Result<Wei> parse_coins(std::string_view text);
/// wei → "12.5": no trailing zeros, no exponent.
std::string format_coins(const Wei& wei);

/// wei → 12.5, as near as a double comes: for figures that are only looked at.
double approximate_coins(const Wei& wei);

/// A decimal whole number of wei, as written in the configuration and by the JOB info server. Error names the text.
Result<Wei> parse_wei(std::string_view text);
/// wei → "12500000000000000000".
std::string format_wei(const Wei& wei);

/// a + b, saturating at the largest amount.
Wei saturating_sum(const Wei& a, const Wei& b);
/// a - b, zero if b is larger.
Wei saturating_difference(const Wei& a, const Wei& b);

/// amount * rate / 100000, rounded down, as the contract computes it; saturates at the largest amount.
Wei rate_of(const Wei& amount, std::uint64_t rate);

}  // namespace emeth::chain
