#include "http/date.hpp"

#include <gtest/gtest.h>

namespace emeth::http {
namespace {

TEST(HttpDate, IsReadAsRfc9110WritesIt) {
    EXPECT_EQ(parse_date("Sun, 06 Nov 1994 08:49:37 GMT"), 784'111'777);
    EXPECT_EQ(parse_date("Thu, 01 Jan 1970 00:00:00 GMT"), 0);
    EXPECT_EQ(parse_date("Thu, 29 Feb 2024 23:59:60 GMT"), 1'709'251'200) << "a leap second";
    EXPECT_EQ(parse_date("Fri, 31 Dec 9999 23:59:59 GMT"), 253'402'300'799);
}

TEST(HttpDate, AnythingElseIsNone) {
    for (const char* text :
         {"", "now", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994", "Sun, 06 Nov 1994 08:49:37 UTC",
          "Sun, 6 Nov 1994 08:49:37 GMT", "Xyz, 06 Nov 1994 08:49:37 GMT", "Sun, 06 nov 1994 08:49:37 GMT",
          "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 00 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:00:00 GMT",
          "Sun, 06 Nov 1994 08:60:37 GMT", "Sun, 06 Nov 1994 08:49:61 GMT", "Sun, 06 Nov 1969 08:49:37 GMT",
          "Sun, -6 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 GMT ", "Sun, 06 Nov 1994 08:49:+7 GMT"})
        EXPECT_FALSE(parse_date(text)) << text;
}

TEST(HttpDate, IsWrittenAsItIsRead) {
    EXPECT_EQ(format_date(784'111'777), "Sun, 06 Nov 1994 08:49:37 GMT");
    for (std::int64_t second = 0; second < 4'102'444'800; second += 86'399 * 97)
        EXPECT_EQ(parse_date(format_date(second)), second);
}

}  // namespace
}  // namespace emeth::http
