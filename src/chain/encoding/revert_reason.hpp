// Why a call reverted: the data that Solidity returns with a revert, in words. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace emeth::chain {

/// Error(string): its text, on one line and at most 200 bytes. Panic(uint256): "panic 0x11 (arithmetic
/// overflow)". Known custom errors of OpenZeppelin's token by name; others: "custom error 0x1234abcd". No data,
/// or an empty text: "no reason given".
std::string describe_revert(std::span<const std::uint8_t> data);

}  // namespace emeth::chain
