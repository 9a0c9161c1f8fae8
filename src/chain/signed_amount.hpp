// Changes of balances: amounts with a sign. Pure. As of amount.hpp, include it only where something is computed.
#pragma once

#include <boost/multiprecision/cpp_int.hpp>
#include <string>

#include "statemachine/types.hpp"

namespace emeth::chain {

/// Wei. Wide enough that sums of 2^250 amounts of 256 bits are exact; beyond, it throws std::range_error.
using SignedWei = boost::multiprecision::checked_int512_t;

SignedWei to_signed(const Wei& wei);
/// wei → "-12.5": no trailing zeros, no exponent.
std::string format_coins(const SignedWei& wei);

}  // namespace emeth::chain
