#include "statemachine/amount_text.hpp"

#include <gtest/gtest.h>

#include <string>

namespace emeth {
namespace {

constexpr std::string_view largest = "115792089237316195423570985008687907853269984665640564039457584007913129639935";

TEST(AmountText, DecimalRoundTrips) {
    for (const std::string_view text :
         {std::string_view("0"), std::string_view("1"), std::string_view("9"), std::string_view("10"),
          std::string_view("255"), std::string_view("256"), std::string_view("999999999"),
          std::string_view("1000000000"), std::string_view("4294967296"), std::string_view("1000000000000000001"),
          std::string_view("10000000000000000000"), std::string_view("340282366920938463463374607431768211456"),
          largest}) {
        const auto amount = wei_from_decimal(text);
        ASSERT_TRUE(amount) << text;
        EXPECT_EQ(to_decimal(*amount), text);
    }
}

TEST(AmountText, DecimalIsBigEndian) {
    Wei amount;
    amount.bytes[30] = 1;
    EXPECT_EQ(to_decimal(amount), "256");
    amount.bytes.fill(0xff);
    EXPECT_EQ(to_decimal(amount), largest);
}

TEST(AmountText, RefusesWhatIsNoUint256) {
    EXPECT_FALSE(wei_from_decimal(""));
    EXPECT_FALSE(wei_from_decimal("-1"));
    EXPECT_FALSE(wei_from_decimal("+1"));
    EXPECT_FALSE(wei_from_decimal("1.5"));
    EXPECT_FALSE(wei_from_decimal(" 1"));
    EXPECT_FALSE(wei_from_decimal("0x10"));
    EXPECT_FALSE(wei_from_decimal("1e18"));
    EXPECT_FALSE(wei_from_decimal("115792089237316195423570985008687907853269984665640564039457584007913129639936"));
    EXPECT_FALSE(wei_from_decimal(std::string(79, '1')));
    EXPECT_FALSE(wei_from_decimal(std::string(1'000'000, '0')));
}

TEST(AmountText, TokensHaveNoTrailingZeros) {
    const auto tokens = [](std::string_view wei) { return to_tokens(*wei_from_decimal(wei)); };
    EXPECT_EQ(tokens("0"), "0");
    EXPECT_EQ(tokens("1"), "0.000000000000000001");
    EXPECT_EQ(tokens("7500000000000000000"), "7.5");
    EXPECT_EQ(tokens("110000000000000000000"), "110");
    EXPECT_EQ(tokens("100000000000000000"), "0.1");
}

}  // namespace
}  // namespace emeth
