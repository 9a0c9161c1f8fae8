// How a dataset is cut into pieces and runs, what counts as UTF-8, and which SentencePiece makes tokens of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "integration/trainer/odd_datasets.hpp"
#include "runtime/utf8.hpp"
#include "support/temporary_folder.hpp"
#include "trainer/data/byte_runs.hpp"
#include "trainer/data/text_reader.hpp"
#include "trainer/data/tokenizer.hpp"

namespace emeth::trainer {
namespace {

using test::binary;
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
          std::string(3'000'000, 'x'), long_line, std::string("nul\0byte\n", 9), std::string("\x80 and \xe8\xaa\n\xff"),
          std::string(9'000, '\x80'), binary(3'000'000)}) {
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

/// "t:" marks a run of text, "b:" one of other bytes.
std::vector<std::string> runs_of(std::string_view bytes) {
    std::vector<std::string> runs;
    while (!bytes.empty()) {
        const ByteRun run = take_run(bytes);
        runs.push_back((run.is_text ? "t:" : "b:") + std::string(run.bytes));
    }
    return runs;
}

TEST(ByteRuns, AreTextOrBytesAndAsLongAsPossible) {
    using ::testing::ElementsAre;
    EXPECT_THAT(runs_of("日本 text"), ElementsAre("t:日本 text"));
    EXPECT_THAT(runs_of("caf\xe9s"), ElementsAre("t:caf", "b:\xe9", "t:s"));
    EXPECT_THAT(runs_of("\xe8\xaa語\xff\xfe"), ElementsAre("b:\xe8\xaa", "t:語", "b:\xff\xfe"));
    EXPECT_THAT(runs_of("a\xed\xa0\x80"), ElementsAre("t:a", "b:\xed\xa0\x80"));
    EXPECT_THAT(runs_of(std::string_view("\0\x80", 2)), ElementsAre(std::string("t:\0", 3), "b:\x80"));
    std::string all;
    for (const std::string& run : runs_of(binary(100'000))) all += run.substr(2);
    EXPECT_EQ(all, binary(100'000));
}

TEST(Utf8, IsStrict) {
    for (const char* good : {"", "a", "é", "語", "😀", "\xf4\x8f\xbf\xbf", "\xed\x9f\xbf"})
        EXPECT_TRUE(is_utf8(good)) << good;
    for (const char* bad : {"\x80", "\xc3", "\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80", "\xf0\x80\x80\x80",
                            "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80", "\xe8\xaa", "a\xff"})
        EXPECT_FALSE(is_utf8(bad));
}

/// Debian 13's SentencePiece 0.2.0 trains others, and a verifier with it rejected honest work.
TEST(SentencePiece, TrainsTheTokenizersOfTheNetwork) {
    const Result<void> checked = check_sentencepiece();
    EXPECT_TRUE(checked) << checked.error().message;
}

}  // namespace
}  // namespace emeth::trainer
