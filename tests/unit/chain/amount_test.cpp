#include "chain/amount.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace emeth::chain {
namespace {

using testing::HasSubstr;

const std::string largest_wei = "115792089237316195423570985008687907853269984665640564039457584007913129639935";
const std::string largest_coins = "115792089237316195423570985008687907853269984665640564039457.584007913129639935";

TEST(Amount, ParsesAndFormatsCoins) {
    const std::pair<const char*, const char*> table[] = {
        {"0", "0"},           {"0.0", "0"},
        {"1", "1"},           {"12.5", "12.5"},
        {"007.10", "7.1"},    {"0.000000000000000001", "0.000000000000000001"},
        {"288000", "288000"}, {"39.452054794520547945", "39.452054794520547945"},
    };
    for (const auto& [text, formatted] : table) {
        const Result<Wei> wei = parse_coins(text);
        ASSERT_TRUE(wei) << text;
        EXPECT_EQ(format_coins(*wei), formatted);
    }
    EXPECT_EQ(format_wei(*parse_coins("12.5")), "12500000000000000000");
}

TEST(Amount, ComesNearInADouble) {
    EXPECT_EQ(approximate_coins(*parse_coins("12.5")), 12.5);
    EXPECT_EQ(approximate_coins(Wei{}), 0);
    EXPECT_DOUBLE_EQ(approximate_coins(*parse_wei(largest_wei)), 1.157920892373162e59);
}

TEST(Amount, HoldsTheLargestUint256) {
    const Result<Wei> wei = parse_coins(largest_coins);
    ASSERT_TRUE(wei);
    EXPECT_EQ(wei->hex(), "0x" + std::string(64, 'f'));
    EXPECT_EQ(format_coins(*wei), largest_coins);
    EXPECT_EQ(*parse_wei(largest_wei), *wei);
    EXPECT_EQ(format_wei(*wei), largest_wei);
}

TEST(Amount, RefusesWhatIsNoAmount) {
    for (const char* text :
         {"", ".", ".5", "5.", "1.2.3", "-1", "+1", "1e18", "0x10", " 1", "1 ", "1,5", "1.0000000000000000001", "１"}) {
        EXPECT_FALSE(parse_coins(text)) << text;
    }
    for (const char* text : {"", "1.0", "-1", "0x1", " 1"}) EXPECT_FALSE(parse_wei(text)) << text;
    EXPECT_THAT(parse_coins("1e18").error().message, HasSubstr("'1e18'"));
}

TEST(Amount, RefusesWhatDoesNotFit) {
    EXPECT_THAT(
        parse_coins("115792089237316195423570985008687907853269984665640564039457.584007913129639936").error().message,
        HasSubstr("larger than 2^256 - 1"));
    EXPECT_FALSE(parse_wei("115792089237316195423570985008687907853269984665640564039457584007913129639936"));
    EXPECT_FALSE(parse_coins(std::string(100'000, '9')));
    EXPECT_LT(parse_coins(std::string(100'000, '9')).error().message.size(), 300u);
    EXPECT_TRUE(parse_wei(std::string(100'000, '0') + "7"));
}

TEST(Amount, ConvertsToNumbersAndBack) {
    EXPECT_EQ(to_u256(to_wei(std::uint64_t{0})), 0);
    EXPECT_EQ(to_u256(to_wei(UINT64_MAX)), UINT64_MAX);
    const U256 value("0x123456789abcdef0123456789abcdef0123456789abcdef");
    EXPECT_EQ(to_u256(to_wei(value)), value);
    EXPECT_EQ(to_wei(value).hex(), "0x00000000000000000123456789abcdef0123456789abcdef0123456789abcdef");
}

TEST(Amount, ThrowsInsteadOfWrapping) {
    const U256 largest = to_u256(*parse_wei(largest_wei));
    EXPECT_THROW(U256(largest + 1), std::overflow_error);
    EXPECT_THROW(U256(U256(1) - 2), std::range_error);
}

TEST(Amount, TakesRatesAsTheContractDoes) {
    EXPECT_EQ(format_coins(rate_of(*parse_coins("30"), 25'000)), "7.5");
    EXPECT_EQ(format_wei(rate_of(*parse_wei("7"), 25'000)), "1");  // rounded down
    EXPECT_EQ(rate_of(*parse_coins("30"), 100'000), *parse_coins("30"));
    EXPECT_EQ(rate_of(*parse_coins("30"), 0), Wei{});
    EXPECT_EQ(rate_of(*parse_wei(largest_wei), 100'000), *parse_wei(largest_wei));
}

TEST(Amount, SaturatesInsteadOfThrowingOnWhatTheChainSays) {
    const Wei largest = *parse_wei(largest_wei);
    EXPECT_EQ(rate_of(largest, UINT64_MAX), largest);
    EXPECT_EQ(saturating_sum(largest, to_wei(std::uint64_t{1})), largest);
    EXPECT_EQ(format_wei(saturating_sum(to_wei(UINT64_MAX), to_wei(UINT64_MAX))), "36893488147419103230");
}

}  // namespace
}  // namespace emeth::chain
