// What is trained on any bytes is verified, also by a verifier that computes with the other number type.
#include <gtest/gtest.h>

#include <algorithm>

#include "integration/trainer/odd_datasets.hpp"
#include "integration/trainer/verification_bench.hpp"
#include "trainer_protocol/network_rules.hpp"

namespace emeth::test {
namespace {

using namespace trainer_protocol;

struct Arithmetic {
    std::string trainer = "float32", verifier = "float32";
};

/// Has as many segments checked as can be drawn. The work's manifest.
boost::json::value expect_verified(const std::string& bytes, std::uint32_t epochs, const Arithmetic& arithmetic) {
    Bench bench(bytes);
    bench.request.job.epochs = epochs;
    bench.request.compute.precision = arithmetic.trainer;
    bench.request.compute.threads = 1;  // the model is small
    bench.request.compute.checkpoint_interval_ms = 60'000;
    const Trained trained = train_to_end(bench);
    const TemporaryFolder scratch;
    CheckRequest request = request_for(bench, trained, bench.artifact(), scratch);
    request.compute.precision = arithmetic.verifier;
    request.compute.threads = 1;
    request.draws = std::clamp(segment_count(request.job.model, trained.artifact.steps, epochs) - 1, 1U, draws_max);
    write_text(request.evidence, evidence_of(bench, trained, request.block_hash, request.draws));
    const Checked checked = check(request);
    EXPECT_TRUE(checked.passed) << checked.reason << "\n" << read_text(scratch / "log");
    Entries entries = read_tar(bench.artifact());
    return manifest_of(entries);
}

std::string repeated(const std::string& part, std::size_t bytes) {
    std::string text;
    while (text.size() < bytes) text += part;
    return text;
}

TEST(OddTraining, ALossNear0IsNoError) {
    for (const Arithmetic& arithmetic : {Arithmetic{"float32", "bf16"}, Arithmetic{"bf16", "float32"}}) {
        SCOPED_TRACE(arithmetic.trainer);
        expect_verified(std::string(4'096, '\n'), 2, arithmetic);
    }
}

TEST(OddTraining, RandomBytesKnownByHeart) {
    expect_verified(binary(4'096), 40, {});
}

/// Its validation loss rises again: useless elsewhere, but what was asked for.
TEST(OddTraining, ASmallTextForMoreEpochsThanIsGoodForIt) {
    expect_verified(english_text(20'000), 60, {});
}

TEST(OddTraining, OneLetterInTheShorterNumberType) {
    expect_verified(std::string(4'096, 'a'), 2, {"bf16", "bf16"});
    expect_verified(std::string(20'000, 'a'), 3, {"bf16", "bf16"});
}

TEST(OddTraining, OneByteThatIsNotUtf8) {
    std::string text = english_text(20'000);
    text[15'000] = '\xe9';
    expect_verified(text, 2, {});
}

TEST(OddTraining, MoreCharactersThanPieces) {
    expect_verified(many_characters(40'000, 1'240), 2, {"float32", "bf16"});
}

/// Was 4,148 tokens an epoch, for the gas of ordinary text with 80,000.
TEST(OddTraining, LongPiecesAreNoLessWork) {
    const std::string text = emoji_words(200'000);
    const boost::json::value manifest = expect_verified(text, 2, {});
    const auto tokens_per_step = manifest.at_pointer("/hyperparameters/tokens_per_step").to_number<std::uint64_t>();
    const auto steps_per_epoch = manifest.at("steps_per_epoch").to_number<std::uint64_t>();
    EXPECT_GE(tokens_per_step * steps_per_epoch * 6, text.size());
    EXPECT_EQ(manifest.at("steps").to_number<std::uint64_t>(), 2 * steps_per_epoch);
}

TEST(OddTraining, FewerTokensThanTwoWindows) {
    expect_verified(repeated("語", 4'096), 1, {"bf16", "float32"});
}

}  // namespace
}  // namespace emeth::test
