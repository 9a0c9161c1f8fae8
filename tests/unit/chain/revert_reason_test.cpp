#include "chain/encoding/revert_reason.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bytes.hpp"
#include "chain/amount.hpp"
#include "chain/encoding/abi.hpp"

namespace emeth::chain {
namespace {

using test::bytes;
using test::numbered;

std::vector<std::uint8_t> error(std::string_view text) {
    return abi::Encoder("Error(string)").text(text).finish();
}

TEST(RevertReason, ReadsErrorTexts) {
    EXPECT_EQ(describe_revert(error("EmethCore: not REQUESTED")), "EmethCore: not REQUESTED");
    EXPECT_EQ(describe_revert(error("日本語")), "日本語");
}

TEST(RevertReason, SaysThatAnEmptyTextIsNone) {
    EXPECT_EQ(describe_revert(error("")), "no reason given");
}

TEST(RevertReason, DefusesTextsOfStrangers) {
    EXPECT_EQ(describe_revert(error("a\x1b[2Jb\nc\x7f")), "a\\x1b[2Jb\\x0ac\\x7f");
    EXPECT_EQ(describe_revert(error(std::string(5'000, 'x'))), std::string(197, 'x') + "…");
}

TEST(RevertReason, NamesPanics) {
    EXPECT_EQ(describe_revert(abi::Encoder("Panic(uint256)").number(0x11).finish()),
              "panic 0x11 (arithmetic overflow)");
    EXPECT_EQ(describe_revert(abi::Encoder("Panic(uint256)").number(0x77).finish()), "panic 0x77");
    EXPECT_EQ(describe_revert(bytes("4e487b71")), "panic with a malformed code");
}

TEST(RevertReason, NamesTheTokensErrors) {
    const auto data = abi::Encoder("ERC20InsufficientAllowance(address,uint256,uint256)")
                          .address(numbered<Address>(9))
                          .amount(*parse_coins("1.5"))
                          .amount(*parse_coins("30"))
                          .finish();
    EXPECT_EQ(describe_revert(data),
              "insufficient EMT allowance of " + numbered<Address>(9).hex() + ": 1.5 there, 30 needed");
    const auto balance = abi::Encoder("ERC20InsufficientBalance(address,uint256,uint256)").finish();
    EXPECT_EQ(describe_revert(balance), "insufficient EMT balance");
}

TEST(RevertReason, SaysWhatItCanOfTheRest) {
    EXPECT_EQ(describe_revert({}), "no reason given");
    EXPECT_EQ(describe_revert(bytes("0123")), "malformed reason 0x0123");
    EXPECT_EQ(describe_revert(bytes("deadbeef 00")), "custom error 0xdeadbeef");
    EXPECT_EQ(describe_revert(bytes("08c379a0 00")), "malformed reason text");
}

}  // namespace
}  // namespace emeth::chain
