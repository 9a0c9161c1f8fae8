#include "chain/encoding/revert_reason.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "chain/amount.hpp"
#include "chain/encoding/abi.hpp"
#include "runtime/utf8.hpp"

namespace emeth::chain {
namespace {

constexpr std::size_t reason_bytes_max = 200;
constexpr const char* no_reason = "no reason given";

std::string describe_panic(std::span<const std::uint8_t> arguments) {
    abi::Decoder in(arguments, "Panic");
    const std::uint64_t code = in.number("code");
    if (!in.check()) return "panic with a malformed code";
    const auto named = [&](std::string_view meaning) { return fmt::format("panic 0x{:02x} ({})", code, meaning); };
    switch (code) {  // Solidity documentation, "Panic via assert and Error via require"
        case 0x01:
            return named("failed assertion");
        case 0x11:
            return named("arithmetic overflow");
        case 0x12:
            return named("division by zero");
        case 0x21:
            return named("no such enum value");
        case 0x22:
            return named("damaged storage");
        case 0x31:
            return named("pop of an empty array");
        case 0x32:
            return named("index out of bounds");
        case 0x41:
            return named("too much memory");
        case 0x51:
            return named("call of an uninitialised function");
        default:
            return fmt::format("panic 0x{:02x}", code);
    }
}

/// OpenZeppelin's ERC20InsufficientX(address who, uint256 has, uint256 needs).
std::string describe_insufficient(std::string_view what, std::span<const std::uint8_t> arguments) {
    abi::Decoder in(arguments, "ERC20 error");
    const Address who = in.address("account");
    const Wei has = in.amount("has");
    const Wei needs = in.amount("needs");
    if (!in.check()) return fmt::format("insufficient EMT {}", what);
    return fmt::format("insufficient EMT {} of {}: {} there, {} needed", what, who.hex(), format_coins(has),
                       format_coins(needs));
}

}  // namespace

std::string describe_revert(std::span<const std::uint8_t> data) {
    static const abi::Selector error = abi::selector("Error(string)");
    static const abi::Selector panic = abi::selector("Panic(uint256)");
    static const abi::Selector allowance = abi::selector("ERC20InsufficientAllowance(address,uint256,uint256)");
    static const abi::Selector balance = abi::selector("ERC20InsufficientBalance(address,uint256,uint256)");
    if (data.empty()) return no_reason;
    if (data.size() < error.size()) return "malformed reason " + to_hex(data);
    const std::span<const std::uint8_t> arguments = data.subspan(error.size());
    const auto is = [&](const abi::Selector& selector) {
        return std::equal(selector.begin(), selector.end(), data.begin());
    };
    if (is(error)) {
        abi::Decoder in(arguments, "Error");
        const std::string text = in.text("reason");
        if (!in.check()) return "malformed reason text";
        return text.empty() ? no_reason : one_line(text, reason_bytes_max);
    }
    if (is(panic)) return describe_panic(arguments);
    if (is(allowance)) return describe_insufficient("allowance", arguments);
    if (is(balance)) return describe_insufficient("balance", arguments);
    return "custom error " + to_hex(data.first(error.size()));
}

}  // namespace emeth::chain
