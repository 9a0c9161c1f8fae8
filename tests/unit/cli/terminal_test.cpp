#include "cli/terminal.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

namespace emeth::cli {
namespace {

using ::testing::ElementsAre;

TEST(Terminal, WidthIsThatOfTheEnvironmentWhereThereIsNoTerminal) {
    ::setenv("COLUMNS", "132", 1);
    EXPECT_EQ(terminal_columns(), 132U);
    for (const char* odd : {"", "wide", "80x", "-4"}) {
        ::setenv("COLUMNS", odd, 1);
        EXPECT_EQ(terminal_columns(), columns_default) << odd;
    }
    ::setenv("COLUMNS", "1", 1);
    EXPECT_EQ(terminal_columns(), 20U) << "no table is narrower";
    ::unsetenv("COLUMNS");
    EXPECT_EQ(terminal_columns(), columns_default);
}

TEST(Terminal, WideCharactersTakeTwoColumns) {
    EXPECT_EQ(columns_of("abc"), 3U);
    EXPECT_EQ(columns_of("日本語"), 6U);
    EXPECT_EQ(columns_of("é→…"), 3U);
    EXPECT_EQ(columns_of("e\xCC\x81"), 1U) << "a combining accent";
}

TEST(Terminal, WhatIsTooLongIsCutWithAnEllipsis) {
    EXPECT_EQ(cut_to("training", 8), "training");
    EXPECT_EQ(cut_to("training", 7), "traini…");
    EXPECT_EQ(cut_to("日本語", 5), "日本…");
    EXPECT_EQ(cut_to("日本語", 4), "日…") << "half of a character is none";
    EXPECT_EQ(cut_to("training", 0), "");
    EXPECT_EQ(padded("日", 4), "日  ");
    EXPECT_EQ(padded("training", 4), "tra…");
}

TEST(Terminal, LinesBreakAtBlanks) {
    EXPECT_THAT(wrapped("  why: ", "one two three", 14), ElementsAre("  why: one two", "       three"));
    EXPECT_THAT(wrapped("", "", 10), ElementsAre(""));
    EXPECT_THAT(wrapped("> ", "one", 10), ElementsAre("> one"));
}

TEST(Terminal, NoLineIsWiderThanTheTerminal) {
    const std::string text =
        "sha256 0x0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef 日本語の長い名前 " +
        std::string(300, 'x') + " end";
    for (std::size_t columns = 20; columns < 100; ++columns) {
        std::string joined;
        for (const std::string& line : wrapped("0123456789 ", text, columns)) {
            EXPECT_LE(columns_of(line), columns) << line;
            joined += line.substr(11);
        }
        const auto without_blanks = [](std::string all) {
            std::erase(all, ' ');
            return all;
        };
        EXPECT_EQ(without_blanks(joined), without_blanks(text)) << "nothing is lost at " << columns;
    }
}

}  // namespace
}  // namespace emeth::cli
