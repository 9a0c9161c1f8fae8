// How a dataset is cut into pieces, and what counts as UTF-8.
#include <gtest/gtest.h>

#include "runtime/utf8.hpp"
#include "support/temporary_folder.hpp"
#include "trainer/data/text_reader.hpp"

namespace emeth::trainer {
namespace {

using test::TemporaryFolder;

std::string joined(const std::filesystem::path& file, std::vector<std::string>* pieces = nullptr) {
    TextReader reader = TextReader::open(file).value();
    std::string text;
    while (const std::optional<TextPiece> piece = reader.next().value()) {
        EXPECT_LE(piece->text.size(), piece_bytes_max);
        text += piece->text;
        if (piece->ends_line) text += '\n';
        if (pieces != nullptr) pieces->emplace_back(piece->text);
    }
    return text;
}

TEST(TextReader, PiecesPutTogetherAreTheText) {
    const TemporaryFolder folder;
    std::string long_line;
    for (int i = 0; i < 30'000; ++i) long_line += "祇" + std::to_string(i) + (i % 3 == 0 ? " " : "");
    for (const std::string& text :
         {std::string(), std::string("\n"), std::string("one\n\ntwo"), std::string("a\r\nb\n"),
          std::string(3'000'000, 'x'), long_line, std::string("nul\0byte\n", 9)}) {
        test::write_text(folder / "text", text);
        EXPECT_EQ(joined(folder / "text"), text);
    }
}

TEST(TextReader, LongLinesAreCutAtSpacesAndNeverInsideACharacter) {
    const TemporaryFolder folder;
    std::string words;
    for (int i = 0; i < 2'000; ++i) words += "word ";
    test::write_text(folder / "text", words);
    std::vector<std::string> pieces;
    joined(folder / "text", &pieces);
    for (const std::string& piece : pieces) EXPECT_EQ(piece.back(), ' ');

    std::string characters;
    for (int i = 0; i < 5'000; ++i) characters += "語";
    test::write_text(folder / "text", characters);
    pieces.clear();
    joined(folder / "text", &pieces);
    for (const std::string& piece : pieces) EXPECT_TRUE(is_utf8(piece));
}

TEST(TextReader, TellsWhereTheTextIsNotUtf8) {
    const TemporaryFolder folder;
    test::write_text(folder / "text", "fine\nfine\n\x80 bad\n");
    TextReader reader = TextReader::open(folder / "text").value();
    ASSERT_TRUE(reader.next());
    ASSERT_TRUE(reader.next());
    const Result<std::optional<TextPiece>> bad = reader.next();
    ASSERT_FALSE(bad);
    EXPECT_EQ(bad.error().kind, ErrorKind::permanent);
    EXPECT_NE(bad.error().message.find("byte 10"), std::string::npos) << bad.error().message;
}

TEST(Utf8, IsStrict) {
    for (const char* good : {"", "a", "é", "語", "😀", "\xf4\x8f\xbf\xbf", "\xed\x9f\xbf"})
        EXPECT_TRUE(is_utf8(good)) << good;
    for (const char* bad : {"\x80", "\xc3", "\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80", "\xf0\x80\x80\x80",
                            "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80", "\xe8\xaa", "a\xff"})
        EXPECT_FALSE(is_utf8(bad));
}

}  // namespace
}  // namespace emeth::trainer
