// The files of an artifact as somebody forged them: no size is believed that preset and plan do not allow.
#include <ATen/ATen.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <regex>

#include "crypto/sha256.hpp"
#include "support/temporary_folder.hpp"
#include "trainer/artifact/artifact.hpp"
#include "trainer/artifact/safetensors.hpp"
#include "trainer/formats/archive.hpp"
#include "trainer/formats/training_log.hpp"

namespace emeth::trainer {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::HasSubstr;

constexpr std::uint64_t eight_gigabytes = (std::uint64_t{1} << 33) - 1;
constexpr std::size_t tar_block_bytes = 512;
constexpr std::uint32_t epochs = 2;
constexpr ManifestBounds bounds{.epochs_max = epochs, .segments_max = 32};

const Preset preset = *trainer_protocol::find_preset("nano");
const ParameterLayout layout(preset);
const Plan plan = *Plan::make(preset, {.bytes = 8'194, .tokens = 4'097}, epochs);
const std::string tokenizer = "pieces";
const ArtifactTerms terms{preset, layout, plan, tokenizer.size()};

std::vector<float> losses() {
    return std::vector<float>(plan.steps_total, 1.5F);
}

/// Of a run that nobody trained, but in good form.
class Files {
public:
    Files() {
        Artifact artifact{.manifest = {},
                          .config = model_config(preset),
                          .tokenizer_model = tokenizer,
                          .losses = losses(),
                          .weights = initial_weights(layout, JobId{})};
        Manifest& manifest = artifact.manifest;
        manifest.language = "en";
        manifest.model = preset.name;
        manifest.epochs = epochs;
        manifest.steps_per_epoch = plan.steps_per_epoch;
        manifest.steps = plan.steps_total;
        manifest.sequences_per_step = plan.sequences_per_step;
        manifest.epoch_losses.assign(epochs, 1.5);
        for (std::uint32_t state = 0; state <= plan.segments; ++state)
            manifest.states.push_back(crypto::sha256(std::to_string(state)));
        manifest.compute.segments.resize(manifest.states.size() - 1);
        for (std::uint32_t segment = 0; segment < manifest.compute.segments.size(); ++segment)
            manifest.compute.add(segment, ComputeRecord{});
        EXPECT_TRUE(write_artifact(path(), terms, std::move(artifact)));
    }
    [[nodiscard]] std::filesystem::path path() const { return folder_ / "artifact.tar"; }
    [[nodiscard]] std::string bytes() const { return test::read_text(path()); }
    void write(const std::string& bytes) const { test::write_text(path(), bytes); }

    [[nodiscard]] std::string error() const {
        const Result<Artifact> read = read_artifact(path(), terms, bounds);
        if (read) return "no error";
        EXPECT_EQ(read.error().kind, ErrorKind::permanent);
        return read.error().message;
    }

private:
    test::TemporaryFolder folder_;
};

/// Where the header of a member begins.
std::size_t header_of(const std::string& tar, const std::string& member) {
    std::size_t at = 0;
    while (tar.compare(at, member.size() + 1, member.c_str(), member.size() + 1) != 0) {
        const std::uint64_t bytes = std::stoull(tar.substr(at + 124, 11), nullptr, 8);
        at += tar_block_bytes * (1 + (bytes + tar_block_bytes - 1) / tar_block_bytes);
    }
    return at;
}

/// The header of `member` claims another size.
void claim_size(std::string& tar, const std::string& member, std::uint64_t bytes) {
    const std::size_t header = header_of(tar, member);
    tar.replace(header + 124, 11, fmt::format("{:011o}", bytes));
    tar.replace(header + 148, 8, 8, ' ');
    unsigned sum = 0;
    for (std::size_t i = 0; i < tar_block_bytes; ++i) sum += static_cast<unsigned char>(tar[header + i]);
    tar.replace(header + 148, 7, fmt::format("{:06o}", sum) + '\0');
}

TEST(ArtifactFiles, RoundTrip) {
    const Files files;
    const Result<Artifact> read = read_artifact(files.path(), terms, bounds);
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->losses, losses());
    EXPECT_EQ(read->tokenizer_model, tokenizer);
    EXPECT_EQ(read->config, model_config(preset));
    EXPECT_TRUE(at::equal(read->weights, initial_weights(layout, JobId{})));
}

/// A dataset of 4,097 tokens has an artifact of less than 1 MB.
TEST(ArtifactFiles, AHeaderThatClaims8GigabytesIsNotBelieved) {
    const std::uint64_t log_max = training_log_bytes_max(plan);
    EXPECT_LE(log_max, 128 * plan.steps_total);
    for (const auto& [member, bytes_max] :
         std::map<std::string, std::uint64_t>{{"model.safetensors", safetensors_bytes_max(layout)},
                                              {"training_log.jsonl", log_max},
                                              {"tokenizer.model", tokenizer.size()},
                                              {"manifest.json", bounds.bytes_max()},
                                              {"config.json", 4'096}}) {
        SCOPED_TRACE(member);
        const Files files;
        for (const std::uint64_t claimed : {eight_gigabytes, bytes_max + 1}) {
            std::string tar = files.bytes();
            claim_size(tar, member, claimed);
            files.write(tar);
            EXPECT_EQ(files.error(), fmt::format("'{}' in the archive has {} bytes; at most {} are allowed", member,
                                                 claimed, bytes_max));
            if (member != "manifest.json") continue;
            const Result<Manifest> manifest = read_artifact_manifest(files.path(), bounds);
            ASSERT_FALSE(manifest);
            EXPECT_EQ(manifest.error().message, files.error());
        }
    }
}

/// Where the rule leaves room, the size of the file does not.
TEST(ArtifactFiles, NoMemberIsLargerThanItsArchive) {
    const Files files;
    std::string tar = files.bytes();
    claim_size(tar, "config.json", eight_gigabytes);
    files.write(tar);
    const std::string expected = fmt::format("'config.json' in the archive claims {} bytes; the whole archive has {}",
                                             eight_gigabytes, tar.size());
    EXPECT_EQ(read_archive(files.path(), {{"config.json", {.bytes_max = 2 * eight_gigabytes}}}).error().message,
              expected);
    EXPECT_EQ(read_archive_member(files.path(), "config.json", 2 * eight_gigabytes).error().message, expected);
}

TEST(ArtifactFiles, AnArchiveThatIsLargerThanItsMembersMayBe) {
    const Files files;
    std::filesystem::resize_file(files.path(), std::uint64_t{1} << 30);  // a hole
    EXPECT_THAT(files.error(), HasSubstr("the archive has 1073741824 bytes; at most"));
}

/// In pieces of any size.
std::string log_error(const std::string& text, std::size_t piece_bytes = 1 << 16) {
    TrainingLogReader reader(preset, plan);
    for (std::string_view rest = text; !rest.empty(); rest.remove_prefix(std::min(rest.size(), piece_bytes)))
        if (Result<void> taken = reader.take(rest.substr(0, piece_bytes)); !taken) return taken.error().message;
    const Result<std::vector<float>> read = reader.finish();
    if (!read) return read.error().message;
    EXPECT_EQ(*read, losses());
    return "no error";
}

/// Written with as many digits as a float needs, it is above the largest float.
TEST(TrainingLog, HoldsTheLargestLoss) {
    std::vector<float> largest = losses();
    largest.front() = std::numeric_limits<float>::max();
    TrainingLogReader reader(preset, plan);
    ASSERT_TRUE(reader.take(write_training_log(preset, plan, largest)));
    EXPECT_EQ(reader.finish().value(), largest);
}

TEST(TrainingLog, IsReadInPieces) {
    const std::string log = write_training_log(preset, plan, losses());
    for (const std::size_t piece_bytes : {1U, 7U, 100U, 1'000'000U})
        EXPECT_EQ(log_error(log, piece_bytes), "no error") << piece_bytes;
}

TEST(TrainingLog, TheLongestLineFits) {
    Plan longest = plan;
    longest.steps_per_epoch = longest.steps_total = std::numeric_limits<std::uint32_t>::max();
    const std::string line = write_training_log(preset, longest, {1.17549435e-38F});
    EXPECT_LT(line.size() + 2 * 10, training_log_bytes_max(longest) / longest.steps_total);
}

TEST(TrainingLog, WhatIsRefused) {
    const std::string log = write_training_log(preset, plan, losses());
    const auto changed = [&](const std::string& old, const std::string& to) {
        std::string text = log;
        return text.replace(text.find(old), old.size(), to);
    };
    EXPECT_THAT(log_error(std::string(1 << 20, 'x')),
                HasSubstr("line 1 of training_log.jsonl has more than 128 bytes"));
    EXPECT_THAT(log_error(std::string(129, 'x'), 1), HasSubstr("line 1 of training_log.jsonl has more than 128 bytes"));
    EXPECT_THAT(log_error(changed("\n", std::string(200, ' ') + '\n')), HasSubstr("line 1 of training_log.jsonl has"));
    EXPECT_THAT(log_error(log.substr(0, log.size() - 1)), HasSubstr("has no end"));
    EXPECT_THAT(log_error(log.substr(log.find('\n') + 1)),
                HasSubstr("line 1 of training_log.jsonl: field 'step' is 2"));
    EXPECT_THAT(
        log_error(log.substr(0, log.rfind("{"))),
        HasSubstr(fmt::format("has {} steps; dataset and model give {}", plan.steps_total - 1, plan.steps_total)));
    EXPECT_THAT(log_error(log + "{}\n"), HasSubstr("continues after"));
    for (const char* loss : {"-1", "1e39", "1e300", "\"1.5\"", "null"})
        EXPECT_THAT(log_error(changed("\"loss\":1.5", std::string("\"loss\":") + loss)), HasSubstr("field 'loss'"))
            << loss;
    for (const char* loss : {"NaN", "nan", "inf", "Infinity", "1e999"})
        EXPECT_THAT(log_error(changed("\"loss\":1.5", std::string("\"loss\":") + loss)),
                    HasSubstr("line 1 of training_log.jsonl is not valid JSON"));
    EXPECT_THAT(log_error(changed("\"loss\":1.5", "\"loss\":1.5,\"loss\":1.5")),
                HasSubstr("field 'loss' is given twice"));
    EXPECT_THAT(log_error(changed("\"learning_rate\":", "\"learning_rate\":1")), HasSubstr("field 'learning_rate'"));
    EXPECT_THAT(log_error(changed("\"epoch\":1", "\"epoch\":2")), HasSubstr("field 'epoch' is 2"));
}

/// The weights with another header.
std::string weights_error(const std::function<void(std::string&)>& change) {
    const std::string file = write_safetensors(layout, initial_weights(layout, JobId{}));
    std::uint64_t header_bytes = 0;
    for (std::size_t i = 8; i-- > 0;) header_bytes = header_bytes << 8 | static_cast<std::uint8_t>(file[i]);
    std::string header = file.substr(8, header_bytes);
    change(header);
    std::string changed;
    for (std::size_t i = 0; i < 8; ++i) changed.push_back(static_cast<char>(header.size() >> 8 * i));
    const Result<at::Tensor> read = read_safetensors(changed + header + file.substr(8 + header_bytes), layout);
    return read ? "no error" : read.error().message;
}

void replace(std::string& text, const std::string& pattern, const std::string& to) {
    ASSERT_TRUE(std::regex_search(text, std::regex(pattern)));
    text = std::regex_replace(text, std::regex(pattern), to, std::regex_constants::format_first_only);
}

TEST(Safetensors, WhatIsRefused) {
    EXPECT_EQ(weights_error([](std::string&) {}), "no error");
    EXPECT_THAT(weights_error([](std::string& header) { header.append(20'000, ' '); }),
                HasSubstr("announces a header"));
    const std::string bias = "\"transformer\\.ln_f\\.bias\":\\{[^}]*\\}";
    const auto refused = [&](const std::string& to) {
        return weights_error([&](std::string& header) { replace(header, bias, to); });
    };
    const std::string entry = R"("transformer.ln_f.bias":{"dtype":"F32","shape":[64],"data_offsets":)";
    EXPECT_THAT(refused(entry + "[0,256]}"), HasSubstr("tensors overlap"));
    EXPECT_THAT(refused(entry + "[0,252]}"), HasSubstr("field 'transformer.ln_f.bias.data_offsets'"));
    EXPECT_THAT(refused(entry + "[18446744073709551615,255]}"), HasSubstr("data_offsets"));
    EXPECT_THAT(refused(entry + "[-256,0]}"), HasSubstr("data_offsets"));
    EXPECT_THAT(refused(entry + "[0,1e999]}"), HasSubstr("exponent overflow"));
    EXPECT_THAT(refused(entry + "[0,256]},\"more\":{}"), HasSubstr("tensors; the model has"));
    EXPECT_THAT(refused("\"x\":{}"), HasSubstr("transformer.ln_f.bias"));
    EXPECT_THAT(refused("\"x\":{},\"x\":{}"), HasSubstr("field 'x' is given twice"));
    EXPECT_THAT(weights_error([](std::string& header) { header = "[]"; }), HasSubstr("expected an object"));
}

}  // namespace
}  // namespace emeth::trainer
