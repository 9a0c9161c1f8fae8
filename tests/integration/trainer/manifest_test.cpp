// manifest.json comes from the node that is to be checked: every field is bounded, and what is wrong names its field.
#include "trainer/formats/manifest.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <utility>

#include "crypto/sha256.hpp"
#include "trainer_protocol/network_rules.hpp"
#include "trainer_protocol/segments.hpp"

namespace emeth::trainer {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

/// Of a small dataset.
constexpr ManifestBounds bounds{.epochs_max = 100, .segments_max = 800};

const Preset preset = *trainer_protocol::find_preset("nano");

/// With lists as long as such bounds allow, and records of as many kinds.
Manifest example(std::uint32_t epochs = 2, std::uint32_t segments = 32) {
    Manifest manifest;
    manifest.job = *JobId::parse("0x5e1f00112233445566778899aabbccdd");
    manifest.language = "en";
    manifest.model = "nano";
    manifest.epochs = epochs;
    manifest.steps_per_epoch = std::uint64_t{1} << 40;
    manifest.steps = manifest.steps_per_epoch * epochs;
    manifest.sequences_per_step = 16;
    manifest.dataset_bytes = manifest.dataset_tokens = std::uint64_t{1} << 50;
    manifest.epoch_losses.assign(epochs, 1.2345678901234567e-300);
    manifest.validation_loss = 6.5;
    for (std::uint32_t state = 0; state <= segments; ++state)
        manifest.states.push_back(crypto::sha256(std::to_string(state)));
    manifest.compute.segments.resize(segments);
    for (std::uint32_t segment = 0; segment < segments; ++segment)
        for (std::uint32_t record = 0; record < ComputeHistory::records_max; ++record)
            manifest.compute.add(segment, {.precision = Precision::float32,
                                           .device = "cuda",
                                           .threads = 2 + record,
                                           .micro_batch = 16,
                                           .libraries = std::string(200, 'x')});
    for (const char* name : {"config.json", "model.safetensors", "tokenizer.model", "training_log.jsonl"})
        manifest.members[name] = crypto::sha256(std::string_view(name));
    return manifest;
}

/// The example's text with `old` replaced once by `changed`.
std::string changed(const std::string& old, const std::string& changed) {
    std::string text = write_manifest(example(), preset);
    const std::size_t at = text.find(old);
    if (at == std::string::npos)
        ADD_FAILURE() << "no " << old << " in " << text;
    else
        text.replace(at, old.size(), changed);
    return text;
}

std::string error_of(const std::string& text) {
    const Result<Manifest> manifest = read_manifest(text, bounds);
    if (manifest) return "no error";
    EXPECT_EQ(manifest.error().kind, ErrorKind::permanent);
    return manifest.error().message;
}

TEST(Manifest, RoundTripOfTheLargest) {
    for (const ManifestBounds largest : {ManifestBounds{1, 32}, {2, 1'000}, {100, 800}, {1'000, 20'000}}) {
        const auto& [epochs, segments] = largest;
        const Manifest written = example(epochs, segments);
        const Result<Manifest> read = read_manifest(write_manifest(written, preset), largest);
        ASSERT_TRUE(read) << read.error().message;
        EXPECT_EQ(read->states, written.states);
        EXPECT_EQ(read->epoch_losses.size(), epochs);
        EXPECT_EQ(read->members, written.members);
        EXPECT_EQ(read->compute, written.compute);
    }
}

TEST(Manifest, ItsSizeIsBoundedByEpochsAndSegments) {
    EXPECT_LT((ManifestBounds{2, 32}.bytes_max()), 24'576U);
    EXPECT_LT((ManifestBounds{trainer_protocol::epochs_max, 8'000}.bytes_max()), 1U << 20);
    EXPECT_LT((ManifestBounds{2, trainer_protocol::segments_max}.bytes_max()), 8U << 20);
    EXPECT_THAT(error_of(std::string(bounds.bytes_max() + 1, ' ')), HasSubstr("bytes; at most"));
}

struct Change {
    const char *old, *changed, *named;
};

class ManifestRefuses : public ::testing::TestWithParam<Change> {};

TEST_P(ManifestRefuses, AndNamesTheField) {
    const auto& [old, to, named] = GetParam();
    EXPECT_THAT(error_of(changed(old, to)), HasSubstr(named));
}

INSTANTIATE_TEST_SUITE_P(
    Numbers, ManifestRefuses,
    ::testing::Values(
        Change{"\"epochs\":2", "\"epochs\":-2", "field 'epochs' is -2"},
        Change{"\"epochs\":2", "\"epochs\":0", "field 'epochs' is 0"},
        Change{"\"epochs\":2", "\"epochs\":101", "field 'epochs' is 101; expected a whole number from 1 to 100"},
        Change{"\"epochs\":2", "\"epochs\":4294967298", "field 'epochs' is 4294967298"},
        Change{"\"epochs\":2", "\"epochs\":2.5", "field 'epochs'"},
        Change{"\"epochs\":2", "\"epochs\":\"2\"", "field 'epochs'"},
        Change{"\"epochs\":2", "\"epochs\":3", "field 'epoch_losses' is an array of 2"},
        Change{"\"steps\":", "\"steps\":-", "field 'steps' is -2199023255552"},
        Change{"\"steps\":", "\"steps\":99999", "field 'steps'"},
        Change{"\"steps_per_epoch\":", "\"steps_per_epoch\":0,\"_\":", "field 'steps_per_epoch' is 0"},
        Change{"\"tokens\":", "\"tokens\":-", "field 'dataset.tokens'"},
        Change{"\"bytes\":", "\"bytes\":9999", "field 'dataset.bytes'"},
        Change{"\"threads\":2,", "\"threads\":1000000,", "field 'compute[0].threads' is 1000000"},
        Change{"\"micro_batch\":16", "\"micro_batch\":-1", "field 'compute[0].micro_batch' is -1"},
        Change{"\"sequences_per_step\":16", "\"sequences_per_step\":0", "field 'hyperparameters.sequences_per_step'"},
        Change{"\"format\":1", "\"format\":2", "field 'format' is 2"}));

INSTANTIATE_TEST_SUITE_P(
    Losses, ManifestRefuses,
    ::testing::Values(
        Change{"\"validation_loss\":6.5E0", "\"validation_loss\":-6.5", "field 'validation_loss'"},
        Change{"\"validation_loss\":6.5E0", "\"validation_loss\":1e300", "field 'validation_loss'"},
        Change{"\"validation_loss\":6.5E0", "\"validation_loss\":1e999", "exponent overflow"},
        Change{"\"validation_loss\":6.5E0", "\"validation_loss\":\"NaN\"", "field 'validation_loss'"},
        Change{"\"validation_loss\":6.5E0", "\"validation_loss\":null", "field 'validation_loss'"},
        Change{"\"validation_loss\":6.5E0", "\"validation_loss\":NaN", "manifest.json is not valid JSON"},
        Change{"\"validation_loss\":6.5E0", "\"validation_loss\":-Infinity", "manifest.json is not valid JSON"},
        Change{"\"epoch_losses\":[", "\"epoch_losses\":[1e999,", "exponent overflow"},
        Change{"\"epoch_losses\":[", "\"epoch_losses\":[1e39,", "field 'epoch_losses'"},
        Change{"\"epoch_losses\":[", "\"epoch_losses\":[1,", "field 'epoch_losses' is an array of 3"},
        Change{"\"epoch_losses\":[", "\"epoch_losses\":[-", "field 'epoch_losses'"},
        Change{"\"epoch_losses\":[", "\"epoch_losses\":[],\"_\":[", "field 'epoch_losses' is an array of 0"}));

INSTANTIATE_TEST_SUITE_P(
    Keys, ManifestRefuses,
    ::testing::Values(Change{"\"epochs\":2", "\"epochs\":2,\"epochs\":2", "field 'epochs' is given twice"},
                      Change{"\"states\":", "\"states\":[],\"states\":", "field 'states' is given twice"},
                      Change{"\"threads\":2,", "\"threads\":2,\"threads\":3,", "field 'threads' is given twice"},
                      Change{"\"model\":", "\"model\":\"d256\",\"mode\\u006c\":", "field 'model' is given twice"},
                      Change{"\"validation_loss\":", "\"loss\":", "field 'validation_loss' is missing"},
                      Change{"\"states\":[", "\"states\":[\"0x12\",", "field 'states'"},
                      Change{"\"states\":[", "\"states\":[7,", "field 'states'"},
                      Change{"\"states\":[", "\"states\":{},\"_\":[", "field 'states'"},
                      Change{"\"states\":[", "\"states\":[],\"_\":[", "field 'states' is an array of 0"},
                      Change{"\"members\":{", "\"members\":{\"a\\u001b[2J\":7,", "field 'members' is an object"},
                      Change{"\"config.json\":\"0x", "\"config.json\":\"0y", "field 'members.config.json'"}));

INSTANTIATE_TEST_SUITE_P(
    Segments, ManifestRefuses,
    ::testing::Values(Change{"\"segments\":[", "\"segments\":[[0],", "field 'segments'"},
                      Change{"\"segments\":[", "\"segments\":[],\"_\":[", "expected an array of 32 lists"},
                      Change{"\"segments\":[[0,", "\"segments\":[[0,0,", "field 'segments'"},
                      Change{"\"segments\":[[0,", "\"segments\":[[-1,", "field 'segments'"},
                      Change{"\"segments\":[[0,", "\"segments\":[[0.5,", "field 'segments'"},
                      Change{"14,15]", "14,16]", "field 'segments'"}, Change{"14,15]", "15,14]", "field 'segments'"},
                      Change{"[0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15]", "[]", "field 'segments'"},
                      Change{"[0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15]", "0", "field 'segments'"},
                      Change{"\"precision\":\"float32\"", "\"precision\":\"bf16\"", "all of one precision"},
                      Change{"\"precision\":\"float32\"", "\"precision\":\"int4\"",
                             "field 'compute[0].precision' is \"int4\""},
                      Change{"\"libraries\":\"", "\"libraries\":\"x", "field 'compute[0].libraries'"}));

/// As programs wrote it before segments had records.
TEST(Manifest, OneRecordIsThatOfAllSegments) {
    Manifest manifest = example();
    manifest.compute = {};
    boost::json::object object = boost::json::parse(write_manifest(manifest, preset)).as_object();
    object.erase("segments");
    object["compute"] = {{"device", "cpu"}, {"threads", 3}, {"precision", "bf16"}, {"micro_batch", 7}};
    const Result<Manifest> read = read_manifest(boost::json::serialize(object), bounds);
    ASSERT_TRUE(read) << read.error().message;
    ASSERT_EQ(read->compute.segments.size(), 32U);
    EXPECT_EQ(read->compute.precision(31), Precision::bf16);
    EXPECT_EQ(read->compute.records.front().threads, 3U);
    EXPECT_EQ(read->compute.records.front().libraries, "") << "not known, so like no verifier's";
}

TEST(Manifest, NoStateIsGivenTwice) {
    Manifest manifest = example();
    manifest.states[20] = manifest.states[7];
    EXPECT_THAT(error_of(write_manifest(manifest, preset)),
                HasSubstr("field 'states' has the same digest in places 7 and 20"));
}

TEST(Manifest, MoreStatesThanARunCanHaveAreRefused) {
    Manifest manifest = example(2, bounds.segments_max);
    manifest.states.push_back(crypto::sha256("one more"));
    EXPECT_THAT(error_of(write_manifest(manifest, preset)),
                HasSubstr("field 'states' is an array of 802; expected an array of at most 801"));
}

TEST(Manifest, MembersAreFew) {
    Manifest manifest = example();
    for (int i = 0; i < 20; ++i) manifest.members[std::to_string(i)] = Hash256{};
    EXPECT_THAT(error_of(write_manifest(manifest, preset)), HasSubstr("field 'members'"));
}

}  // namespace
}  // namespace emeth::trainer
