#include "worker_protocol/wire_text.hpp"

#include <gtest/gtest.h>

namespace emeth::worker_protocol {
namespace {

TEST(WireText, KeepsWellFormedText) {
    EXPECT_EQ(wire_text("plain", 100), "plain");
    EXPECT_EQ(wire_text("50 µs, 3 €, 日本, 🙂", 100), "50 µs, 3 €, 日本, 🙂");
    EXPECT_EQ(wire_text("", 100), "");
}

TEST(WireText, CutsBetweenCharacters) {
    EXPECT_EQ(wire_text("abcdef", 3), "abc");
    EXPECT_EQ(wire_text("ab€", 4), "ab");
    EXPECT_EQ(wire_text("ab€", 5), "ab€");
}

TEST(WireText, ReplacesWhatIsNoUtf8) {
    EXPECT_EQ(wire_text("a\xffz", 100), "a?z");
    EXPECT_EQ(wire_text("\xc3", 100), "?");  // cut in the middle
    EXPECT_EQ(wire_text("\xe2\x82", 100), "??");
    EXPECT_EQ(wire_text("\xc0\xaf", 100), "??");            // overlong
    EXPECT_EQ(wire_text("\xe0\x80\xaf", 100), "???");       // overlong
    EXPECT_EQ(wire_text("\xed\xa0\x80", 100), "???");       // surrogate
    EXPECT_EQ(wire_text("\xf4\x90\x80\x80", 100), "????");  // beyond U+10FFFF
}

}  // namespace
}  // namespace emeth::worker_protocol
