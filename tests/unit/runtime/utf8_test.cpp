#include "runtime/utf8.hpp"

#include <gtest/gtest.h>

namespace emeth {
namespace {

using namespace std::string_literals;

TEST(ValidUtf8, ReplacesWhatIsNone) {
    EXPECT_EQ(valid_utf8("日本語 text"), "日本語 text");
    EXPECT_EQ(valid_utf8("a\xff"
                         "b"),
              "a\xef\xbf\xbd"
              "b");
    EXPECT_EQ(valid_utf8("\xc0\xaf"), "\xef\xbf\xbd\xef\xbf\xbd") << "overlong";
    EXPECT_EQ(valid_utf8("\xed\xa0\x80"), "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd") << "surrogate";
    EXPECT_EQ(valid_utf8("\xf0\x9f\x98\x80"), "\xf0\x9f\x98\x80");
    EXPECT_EQ(valid_utf8("\xf4\x90\x80\x80").size(), 12U) << "beyond U+10FFFF";
    EXPECT_EQ(valid_utf8("cut \xe6\x97"), "cut \xef\xbf\xbd\xef\xbf\xbd");
}

TEST(OneLine, EscapesWhatControlsATerminal) {
    EXPECT_EQ(one_line("日本語, Ünïcode"), "日本語, Ünïcode");
    EXPECT_EQ(one_line("a\nb\x1b[2Jc\x7f"), "a\\x0ab\\x1b[2Jc\\x7f");
    EXPECT_EQ(one_line("\0"s), "\\x00");
    EXPECT_EQ(one_line("\xc2\x9b"
                       "31m"),
              "\\xc2\\x9b31m")
        << "C1: CSI";
    EXPECT_EQ(one_line("\x9b"), "\\x9b") << "the same for a terminal that takes Latin-1";
    EXPECT_EQ(one_line("\xc2\xa0"), "\xc2\xa0") << "the first after C1";
    EXPECT_EQ(one_line("\u202egnp.exe"), "\\xe2\\x80\\xaegnp.exe") << "right-to-left override";
    EXPECT_EQ(one_line("\u2028"), "\\xe2\\x80\\xa8") << "line separator";
}

TEST(OneLine, CutsBetweenCharacters) {
    EXPECT_EQ(one_line("0123456789", 10), "0123456789");
    EXPECT_EQ(one_line("0123456789a", 10), "0123456…");
    EXPECT_EQ(one_line("日本語日本語", 11), "日本…");
    EXPECT_EQ(one_line("abcdefg\n\n", 10), "abcdefg…") << "no half of an escape";
    for (std::size_t bytes_max = 8; bytes_max < 40; ++bytes_max)
        EXPECT_LE(one_line("ä\x01"s + std::string(30, 'x'), bytes_max).size(), bytes_max);
}

}  // namespace
}  // namespace emeth
