// What is said about a JOB before it is paid for.
#include "network/requester/request_review.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "chain/amount.hpp"

namespace emeth::network {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

DatasetSurvey plain() {
    DatasetSurvey survey;
    survey.bytes = 1'000'000;
    survey.lines = 10'000;
    survey.longest_line_bytes = 120;
    survey.characters = 800'000;
    return survey;
}

DatasetSurvey japanese(std::uint64_t characters) {
    DatasetSurvey survey = plain();
    survey.encoding = Encoding::utf8;
    survey.japanese_characters = characters;
    return survey;
}

Quote quote(const char* fee, std::uint64_t gas = 5) {
    return {plain().bytes, gas, *chain::parse_coins(fee), *chain::parse_coins("10")};
}

TEST(RequestReview, RefusesWhatNobodyTakes) {
    EXPECT_FALSE(check_dataset_bytes(0));
    EXPECT_FALSE(check_dataset_bytes(4'095));
    EXPECT_TRUE(check_dataset_bytes(4'096));
    EXPECT_EQ(check_dataset_bytes(4'095).error().kind, ErrorKind::permanent);
    EXPECT_THAT(check_dataset_bytes(12).error().message, AllOf(HasSubstr("12 bytes"), HasSubstr("4096")));

    EXPECT_FALSE(check_quote(quote("9.5")));
    EXPECT_FALSE(check_quote(quote("10")));
    EXPECT_TRUE(check_quote(quote("10.000000000000000001")));
    EXPECT_THAT(check_quote(quote("9.5")).error().message,
                AllOf(HasSubstr("9.5 EMT"), HasSubstr("10 EMT"), HasSubstr("--fee-min")));
}

TEST(RequestReview, ASoundDatasetNeedsNoWarning) {
    EXPECT_THAT(warnings_about_dataset(plain(), "en"), IsEmpty());
    EXPECT_THAT(warnings_about_dataset(japanese(790'000), "ja"), IsEmpty());
}

TEST(RequestReview, WarnsOfEncodings) {
    DatasetSurvey survey = plain();
    survey.malformed_at = 77;
    survey.malformed_bytes = 3;
    const auto warning = [&](Encoding encoding) {
        survey.encoding = encoding;
        return warnings_about_dataset(survey, "en");
    };
    EXPECT_THAT(warning(Encoding::damaged_utf8), ElementsAre(AllOf(HasSubstr("3 bytes"), HasSubstr("offset 77"))));
    EXPECT_THAT(warning(Encoding::utf16), ElementsAre(HasSubstr("iconv -f UTF-16")));
    EXPECT_THAT(warning(Encoding::shift_jis), ElementsAre(HasSubstr("iconv -f CP932")));
    EXPECT_THAT(warning(Encoding::eight_bit), ElementsAre(AllOf(HasSubstr("Latin-1"), HasSubstr("offset 77"))));
    EXPECT_THAT(warning(Encoding::binary), ElementsAre(HasSubstr("binary")));
}

TEST(RequestReview, WarnsOfAnotherLanguage) {
    EXPECT_THAT(warnings_about_dataset(japanese(700'000), "en"), ElementsAre(HasSubstr("--language ja")));
    EXPECT_THAT(warnings_about_dataset(japanese(8'000), "ja"),
                ElementsAre(AllOf(HasSubstr("only 1%"), HasSubstr("--language en"))));
    DatasetSurvey unread = plain();
    unread.encoding = Encoding::shift_jis;
    unread.malformed_at = 0;
    EXPECT_THAT(warnings_about_dataset(unread, "ja"), ElementsAre(HasSubstr("Shift-JIS"))) << "the share is not known";
}

TEST(RequestReview, WarnsOfOneLongLineAndOfNothingToRead) {
    DatasetSurvey survey = plain();
    survey.longest_line_bytes = 600'000;
    EXPECT_THAT(warnings_about_dataset(survey, "en"), ElementsAre(HasSubstr("600000 of the 1000000 bytes")));
    survey.bytes = 8'000;
    survey.longest_line_bytes = 8'000;
    EXPECT_THAT(warnings_about_dataset(survey, "en"), IsEmpty()) << "a short text may be one line";
    survey = plain();
    survey.characters = 0;
    EXPECT_THAT(warnings_about_dataset(survey, "en"), ElementsAre(HasSubstr("white space")));
}

TEST(RequestReview, WarnsOfAShortDeadline) {
    // 582 gas are published as about 6 h for 2 epochs.
    EXPECT_EQ(reference_time_s(582, 2), 21'319);
    EXPECT_EQ(reference_time_s(582, 4), 42'638);
    EXPECT_THAT(warnings_about_deadline(quote("20", 582), 2, 21'319 + 3'600 + 1), IsEmpty());
    EXPECT_THAT(warnings_about_deadline(quote("20", 582), 2, 21'319 + 3'600),
                ElementsAre(AllOf(HasSubstr("27300"), HasSubstr("5 h 55 min"), HasSubstr("--deadline-in"))));
    EXPECT_THAT(warnings_about_deadline(quote("20", 582), 4, 21'319 + 3'600 + 1), ElementsAre(HasSubstr("11 h")));
}

TEST(RequestReview, TellsWhatItSaw) {
    EXPECT_EQ(survey_text(plain()), "1000000 bytes, ASCII, 10000 lines, the longest of 120 bytes");
    EXPECT_THAT(survey_text(japanese(600'000)), HasSubstr(", 75% Japanese characters"));
}

}  // namespace
}  // namespace emeth::network
