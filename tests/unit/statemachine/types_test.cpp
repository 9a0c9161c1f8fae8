#include "statemachine/types.hpp"

#include <gtest/gtest.h>

namespace emeth {
namespace {

TEST(Hex, RoundTripsAndIsLowerCase) {
    const auto address = Address::parse("0xF55e6FB0948B37a197DA974E0A84727022F2D048");
    ASSERT_TRUE(address);
    EXPECT_EQ(address->hex(), "0xf55e6fb0948b37a197da974e0a84727022f2d048");
    EXPECT_EQ(Address::parse(address->hex()), address);
    EXPECT_EQ(Address::parse("f55e6fb0948b37a197da974e0a84727022f2d048"), address);
}

TEST(Hex, RefusesWrongLengthAndWrongDigits) {
    EXPECT_FALSE(JobId::parse(""));
    EXPECT_FALSE(JobId::parse("0x"));
    EXPECT_FALSE(JobId::parse("0x0123456789abcdef0123456789abcde"));
    EXPECT_FALSE(JobId::parse("0x0123456789abcdef0123456789abcdef0"));
    EXPECT_FALSE(JobId::parse("0x0123456789abcdef0123456789abcdeg"));
    EXPECT_FALSE(JobId::parse("0X0123456789abcdef0123456789abcdef"));
    EXPECT_FALSE(JobId::parse("0x0x23456789abcdef0123456789abcdef"));
    EXPECT_FALSE(JobId::parse(" x0123456789abcdef0123456789abcdef"));
}

TEST(FixedBytes, OrdersAsBigEndianNumbers) {
    Wei small;
    Wei large;
    small.bytes[31] = 0xff;
    large.bytes[30] = 0x01;
    EXPECT_LT(small, large);
    EXPECT_TRUE(Wei{}.is_zero());
    EXPECT_FALSE(small.is_zero());
}

}  // namespace
}  // namespace emeth
