// Amounts of EMT and ALT: checked 256-bit arithmetic, and their text forms. Pure.
// Includes Boost.Multiprecision; no other header of chain/ does, so include it where there is something to compute.
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

/// What rates of the contract are a share of: 25000 of 100000 is a quarter.
inline constexpr std::uint64_t rate_denominator = 100'000;

U256 to_u256(const Wei& wei);
Wei to_wei(const U256& value);
Wei to_wei(std::uint64_t value);

/// "12.5" with up to 18 decimals → wei. Error names the text.
Result<Wei> parse_coins(std::string_view text);
/// wei → "12.5": no trailing zeros, no exponent.
std::string format_coins(const Wei& wei);

/// A decimal whole number of wei, as configuration and the JOB info server write it. Error names the text.
Result<Wei> parse_wei(std::string_view text);
/// wei → "12500000000000000000".
std::string format_wei(const Wei& wei);

/// a + b; the largest amount when it does not fit one.
Wei saturating_sum(const Wei& a, const Wei& b);

/// amount * rate / 100000, rounded down, as the contract computes; the largest amount when it does not fit one.
Wei rate_of(const Wei& amount, std::uint64_t rate);

}  // namespace emeth::chain
