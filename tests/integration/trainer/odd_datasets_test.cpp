// Any bytes become a tokenizer and tokens: the same for every number of threads, within the preset's vocabulary, and
// enough of them to train on.
#include "integration/trainer/odd_datasets.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "crypto/sha256.hpp"
#include "integration/trainer/workshop.hpp"
#include "trainer/data/data_preparation.hpp"
#include "trainer/data/plan.hpp"
#include "trainer/data/tokenizer_sample.hpp"

namespace emeth::trainer {
namespace {

using test::OddDataset;
using test::TemporaryFolder;
using ::testing::Each;
using ::testing::ElementsAre;

const JobId job = *JobId::parse("0x5e1f00112233445566778899aabbccdd");

class NoReporter final : public Reporter {
public:
    void report(trainer_protocol::TrainerReport) override {}
};

struct Prepared {
    std::string tokenizer_model;
    std::vector<std::int32_t> tokens;
    DatasetSize size;
};

/// From nothing.
Prepared prepare(const std::string& bytes, const Preset& preset, std::uint32_t threads = 1) {
    const TemporaryFolder folder;
    test::write_text(folder / "dataset", bytes);
    NoReporter reporter;
    const Result<PreparedData> data =
        prepare_data(folder / "dataset", crypto::sha256(bytes), folder.path(), job, preset, threads, reporter);
    if (data.has_error()) {
        ADD_FAILURE() << data.error().message;
        return {};
    }
    std::vector<std::int32_t> tokens(data->tokens.count());
    data->tokens.copy(0, tokens);
    return {data->tokenizer_model, tokens, data->size()};
}

const Preset nano = *trainer_protocol::find_preset("nano");

std::vector<std::string> sample_of(const std::string& bytes) {
    const TemporaryFolder folder;
    test::write_text(folder / "dataset", bytes);
    return draw_sample(folder / "dataset", job, nano).value();
}

/// The token that stands for a byte: SentencePiece puts <unk>, <s> and </s> first, then the bytes.
std::int32_t byte_token(unsigned char byte) {
    return 3 + byte;
}

class OddDatasets : public ::testing::TestWithParam<OddDataset> {};

TEST_P(OddDatasets, BecomeTokens) {
    for (const char* name : {"nano", "d256"}) {
        SCOPED_TRACE(name);
        const Preset preset = *trainer_protocol::find_preset(name);
        const Prepared once = prepare(GetParam().bytes, preset), again = prepare(GetParam().bytes, preset, 3);
        EXPECT_EQ(again.tokens, once.tokens);
        EXPECT_EQ(again.tokenizer_model, once.tokenizer_model);
        const Result<Plan> plan = Plan::make(preset, once.size, 2);
        ASSERT_TRUE(plan) << plan.error().message;
        EXPECT_EQ(once.size.bytes, GetParam().bytes.size());
        const auto trained =
            plan->steps_per_epoch * static_cast<std::uint64_t>(plan->sequences_per_step * preset.context);
        EXPECT_GE(trained * 6, once.size.bytes);
        EXPECT_LE(trained, std::max<std::uint64_t>(once.size.bytes, 32 * static_cast<std::uint64_t>(preset.context)));
    }
}

INSTANTIATE_TEST_SUITE_P(All, OddDatasets, ::testing::ValuesIn(test::odd_datasets()),
                         [](const auto& each) { return each.param.name; });

TEST(OddBytes, AreTokensOfTheirOwn) {
    std::string bytes = test::english_text(8'000);
    const Prepared tidy = prepare(bytes, nano);
    EXPECT_THAT(tidy.tokens, ::testing::Not(::testing::Contains(byte_token(0xE9))));
    bytes.insert(4'000, "\xe9");
    const Prepared odd = prepare(bytes, nano);
    EXPECT_EQ(std::ranges::count(odd.tokens, byte_token(0xE9)), 1);

    const Prepared newlines = prepare(std::string(5'000, '\n'), nano);
    EXPECT_EQ(newlines.tokens.size(), 5'000U);
    EXPECT_THAT(newlines.tokens, Each(byte_token('\n')));
    const Prepared bytes_ff = prepare(std::string(5'000, '\xff'), nano);
    EXPECT_EQ(bytes_ff.tokens.size(), 5'000U);
    EXPECT_THAT(bytes_ff.tokens, Each(byte_token(0xFF)));
}

/// 87 tokens of up to 16 characters are less than two windows of 64.
TEST(OddBytes, PiecesHaveAtMost64Bytes) {
    const Prepared data = prepare(test::emoji_words(200'000), nano);
    EXPECT_LT(data.size.tokens, data.size.bytes / 40) << "no longer dense";
    EXPECT_GE(data.size.tokens, data.size.bytes / 64);
}

TEST(OddBytes, TooFewTokensAreRepeated) {
    std::string text;
    while (text.size() < 4'096) text += "語";
    const Prepared data = prepare(text, nano);
    ASSERT_EQ(data.tokens.size(), 33 * 64 + 1U);
    const auto repeats_after = [&](std::ptrdiff_t period) {
        return std::equal(data.tokens.begin() + period, data.tokens.end(), data.tokens.begin());
    };
    std::ptrdiff_t period = 1;
    while (period < 129 && !repeats_after(period)) ++period;
    EXPECT_LT(period, 129) << "the tokens of the dataset";
    EXPECT_EQ(Plan::make(nano, data.size, 2)->steps_per_epoch, 32U);

    EXPECT_LT(prepare(text.substr(0, 3'000), nano).tokens.size(), 129U) << "smaller datasets are not trained";
}

TEST(Sample, TakesTheTextBetweenOtherBytes) {
    EXPECT_THAT(sample_of("one\ntwo\tthree\n\n4\n"), ElementsAre("one", "two three", "4"));
    EXPECT_THAT(sample_of("caf\xe9 au lait\nna\xefve\nl\xe0\n"), ElementsAre(" au lait"));
    EXPECT_EQ(sample_of("\xff\xfe\n\n"), sample_of("\n\n\n")) << "without text there is one fixed sentence";
    EXPECT_EQ(sample_of("\n").size(), 1U);
}

/// Verifiers make the tokenizer again: of what is UTF-8, the sample is what it has always been, but for nano's, which
/// has become smaller.
TEST(Sample, OfTextIsAsItHasAlwaysBeen) {
    const auto digest = [](const std::string& text) {
        std::string all;
        for (const std::string& sentence : sample_of(text)) all += sentence + '\n';
        return crypto::sha256(all).hex();
    };
    EXPECT_EQ(digest(test::japanese_text(64'000)),
              "0xfd77447701135a6456e3d64fa5bc99f8cc8da94ebd8b09a74867eaa35670d2f6");
    EXPECT_EQ(digest(test::japanese_text(1'500'000)),
              "0xe8ba3f95ad5dac1bb877e8c404496d2d1e2c859ce0748504c311ab94bf019b6d");
}

TEST(Sample, IsCutAtRareCharacters) {
    Preset small = nano;
    small.vocabulary = 5;  // room for two characters
    const std::vector<std::string> sentences{"abacab", "xabaa", "bbbz", "▅▅▅▅▅▅▅▅"};
    EXPECT_THAT(parts_of_common_characters(sentences, small), ElementsAre("aba", "ab", "abaa", "bbb"));
    EXPECT_LT(character_coverage(sentences, small), 1);
    EXPECT_EQ(character_coverage({"ab", "ba"}, small), 1);
    EXPECT_EQ(parts_of_common_characters({"▅"}, small).size(), 1U) << "never empty";
}

}  // namespace
}  // namespace emeth::trainer
