// What a look at a dataset tells a requester.
#include "network/requester/dataset_survey.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "support/temporary_folder.hpp"

namespace emeth::network {
namespace {

DatasetSurvey survey_in_parts(const std::string& bytes, std::size_t part) {
    DatasetSurveyor surveyor;
    for (std::size_t begin = 0; begin < bytes.size(); begin += part)
        surveyor.take(std::string_view(bytes).substr(begin, part));
    return surveyor.finish();
}

DatasetSurvey survey(const std::string& bytes) {
    return survey_in_parts(bytes, bytes.size() + 1);
}

Encoding encoding_of(const std::string& bytes) {
    return survey(bytes).encoding;
}

std::string repeated(const std::string& part, int times) {
    std::string text;
    for (int i = 0; i < times; ++i) text += part;
    return text;
}

std::string utf16(const std::string& ascii, bool big_endian) {
    std::string text;
    for (const char c : ascii) text += big_endian ? std::string{'\0', c} : std::string{c, '\0'};
    return text;
}

const std::string english = "It was a bright cold day in April, and the clocks were striking thirteen.\n";
const std::string japanese = "吾輩は猫である。名前はまだ無い。\n";
const std::string shift_jis = "\x8c\xe1\x94\x79\x82\xcd\x94\x4c\x82\xc5\x82\xa0\x82\xe9\x81\x42\n";
const std::string euc_jp = "\xb8\xe3\xc7\xda\xa4\xcf\xc7\xad\xa4\xc7\xa4\xa2\xa4\xeb\xa1\xa3\n";

TEST(DatasetSurvey, CountsBytesAndLines) {
    const DatasetSurvey seen = survey("one\n\nthree\r\nlast");
    EXPECT_EQ(seen.bytes, 16U);
    EXPECT_EQ(seen.lines, 4U);
    EXPECT_EQ(seen.longest_line_bytes, 6U);
    EXPECT_DOUBLE_EQ(seen.longest_line_share(), 6.0 / 16);
    EXPECT_EQ(survey("one\ntwo\n").lines, 2U);
    const DatasetSurvey nothing = survey("");
    EXPECT_EQ(nothing.lines, 0U);
    EXPECT_EQ(nothing.japanese_share(), 0);
    EXPECT_EQ(nothing.longest_line_share(), 0);
}

TEST(DatasetSurvey, TellsEncodings) {
    EXPECT_EQ(encoding_of(english), Encoding::ascii);
    EXPECT_EQ(encoding_of(japanese), Encoding::utf8);
    EXPECT_EQ(encoding_of("\xef\xbb\xbf" + english), Encoding::utf8);
    EXPECT_EQ(encoding_of(japanese.substr(1) + repeated(japanese, 50)), Encoding::damaged_utf8);
    EXPECT_EQ(encoding_of("\xff\xfe" + utf16(english, false)), Encoding::utf16);
    EXPECT_EQ(encoding_of(utf16(english, false)), Encoding::utf16);
    EXPECT_EQ(encoding_of(utf16(english, true)), Encoding::utf16);
    EXPECT_EQ(encoding_of(repeated(shift_jis, 20)), Encoding::shift_jis);
    EXPECT_EQ(encoding_of(english + repeated(shift_jis, 20)), Encoding::shift_jis);
    EXPECT_EQ(encoding_of(repeated(euc_jp, 20)), Encoding::eight_bit);
    EXPECT_EQ(encoding_of("Stra\xdf"
                          "e, caf\xe9, na\xefve, \xfc"
                          "ber\n"),
              Encoding::eight_bit);
    EXPECT_EQ(encoding_of(english + "caf\xe9\n"), Encoding::eight_bit);
    EXPECT_EQ(encoding_of(std::string(100, '\0')), Encoding::binary);
    std::string all;
    for (int i = 0; i < 1'024; ++i) all += static_cast<char>(i * 167 + i / 256);
    EXPECT_EQ(encoding_of(all), Encoding::binary);
    EXPECT_EQ(encoding_of(repeated("\n", 100)), Encoding::ascii);
}

TEST(DatasetSurvey, SaysWhereTheFirstByteIsThatIsNotUtf8) {
    EXPECT_FALSE(survey(japanese).malformed_at);
    const DatasetSurvey seen = survey("語é\xff" + japanese + "\xe8\xaa");
    EXPECT_EQ(seen.malformed_at, 5U);
    EXPECT_EQ(seen.malformed_bytes, 3U);
}

TEST(DatasetSurvey, CountsJapaneseCharacters) {
    EXPECT_EQ(survey(english).japanese_share(), 0);
    EXPECT_EQ(survey(japanese).japanese_share(), 1);
    EXPECT_EQ(survey("猫 ab\n").characters, 3U);
    EXPECT_DOUBLE_EQ(survey("猫 ab\n").japanese_share(), 1.0 / 3);
    EXPECT_EQ(survey("ﾈｺ カタカナ ひらがな 𠮷").japanese_share(), 1);
    EXPECT_EQ(survey("кошка gato Katze 😀").japanese_share(), 0);
}

TEST(DatasetSurvey, DoesNotDependOnHowTheDatasetIsCut) {
    for (const std::string& bytes :
         {english + japanese, japanese.substr(1) + repeated(japanese, 50) + "\xf0\x9f", repeated(shift_jis, 20),
          "\xff\xfe" + utf16(english, false), std::string("a\0\xff\n", 4)}) {
        const DatasetSurvey whole = survey(bytes);
        for (const std::size_t part : {1U, 2U, 3U, 5U, 64U}) {
            const DatasetSurvey seen = survey_in_parts(bytes, part);
            EXPECT_EQ(seen.encoding, whole.encoding);
            EXPECT_EQ(seen.lines, whole.lines);
            EXPECT_EQ(seen.longest_line_bytes, whole.longest_line_bytes);
            EXPECT_EQ(seen.characters, whole.characters);
            EXPECT_EQ(seen.japanese_characters, whole.japanese_characters);
            EXPECT_EQ(seen.malformed_at, whole.malformed_at);
            EXPECT_EQ(seen.malformed_bytes, whole.malformed_bytes);
        }
    }
}

TEST(DatasetSurvey, ReadsFiles) {
    const test::TemporaryFolder folder;
    std::string text;
    while (text.size() < 2'500'000) text += japanese;  // more than is read at once
    test::write_text(folder / "text", text);
    const DatasetSurvey seen = survey_dataset(folder / "text").value();
    EXPECT_EQ(seen.bytes, text.size());
    EXPECT_EQ(seen.encoding, Encoding::utf8);
    EXPECT_EQ(seen.lines, text.size() / japanese.size());

    const Result<DatasetSurvey> absent = survey_dataset(folder / "absent");
    ASSERT_FALSE(absent);
    EXPECT_NE(absent.error().message.find("absent"), std::string::npos);
    EXPECT_FALSE(survey_dataset(folder.path()));
}

}  // namespace
}  // namespace emeth::network
