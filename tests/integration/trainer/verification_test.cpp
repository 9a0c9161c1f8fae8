// The verifier's check: honest work passes whatever machine checks it; each cheat is rejected with its reason.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cstring>
#include <functional>

#include "integration/trainer/verification_bench.hpp"

namespace emeth::test {
namespace {

using namespace trainer_protocol;
namespace json = boost::json;

/// The result of the check of the honest artifact after `change`.
Checked check_changed(const std::function<void(Entries&)>& change) {
    const TemporaryFolder scratch;
    Entries entries = honest().entries;
    change(entries);
    write_tar(scratch / "changed.tar", entries);
    return check(check_request(scratch, scratch / "changed.tar"));
}

TEST(Verification, HonestWorkPasses) {
    const TemporaryFolder scratch;
    const Checked checked = check(check_request(scratch, honest().bench.artifact()));
    EXPECT_TRUE(checked.passed) << checked.reason;
    EXPECT_EQ(checked.claimed_validation_loss, honest().trained.artifact.validation_loss);
    EXPECT_NEAR(checked.recomputed_validation_loss, checked.claimed_validation_loss, 1e-5);
}

TEST(Verification, HonestWorkPassesUnderOtherArithmetic) {
    const TemporaryFolder scratch;
    CheckRequest request = check_request(scratch, honest().bench.artifact());
    request.compute.threads = 2;
    const Checked checked = check(request, {{"OPENBLAS_CORETYPE", "Prescott"}});
    EXPECT_TRUE(checked.passed) << checked.reason;
}

TEST(Verification, MoreEpochsThanAskedForPass) {
    const TemporaryFolder scratch;
    CheckRequest request = check_request(scratch, honest().bench.artifact());
    request.job.epochs = 1;
    EXPECT_TRUE(check(request).passed);
}

TEST(Verification, TheSmallestDatasetPasses) {
    const Bench bench(english_text(4'096, 30'000));
    const Trained trained = train_to_end(bench);
    const TemporaryFolder scratch;
    const Checked checked = check(request_for(bench, trained, bench.artifact(), scratch));
    EXPECT_TRUE(checked.passed) << checked.reason;
}

TEST(Verification, ACopyOfTheHonestArchivePasses) {
    const Checked checked = check_changed([](Entries&) {});
    EXPECT_TRUE(checked.passed) << checked.reason;
}

// ---- cheats that forge what the artifact says

/// One epoch was trained, but the manifest says two.
TEST(Verification, OneEpochSoldAsTwo) {
    Bench bench;
    bench.request.job.epochs = 1;
    train_to_end(bench);
    const TemporaryFolder scratch;
    expect_rejected(check(check_request(scratch, bench.artifact())), "1 epochs");

    Entries entries = read_tar(bench.artifact());
    json::value manifest = manifest_of(entries);
    manifest.at("epochs") = 2;
    seal(entries, manifest);
    write_tar(scratch / "forged.tar", entries);
    expect_rejected(check(check_request(scratch, scratch / "forged.tar")), "field 'epoch_losses' is an array of 1");

    manifest.at("epoch_losses").as_array().push_back(1.5);
    seal(entries, manifest);
    write_tar(scratch / "forged.tar", entries);
    expect_rejected(check(check_request(scratch, scratch / "forged.tar")), "steps");

    manifest.at("steps") = manifest.at("steps").as_int64() * 2;
    seal(entries, manifest);
    write_tar(scratch / "forged.tar", entries);
    expect_rejected(check(check_request(scratch, scratch / "forged.tar")), "training_log.jsonl");
}

TEST(Verification, ATenthOfTheData) {
    const Bench bench(english_text(6'400));
    train_to_end(bench);
    const TemporaryFolder scratch;
    expect_rejected(check(check_request(scratch, bench.artifact())), "dataset");

    Entries entries = read_tar(bench.artifact());
    json::value manifest = manifest_of(entries);
    manifest.at("dataset") = manifest_of(const_cast<Entries&>(honest().entries)).at("dataset");
    seal(entries, manifest);
    write_tar(scratch / "forged.tar", entries);
    expect_rejected(check(check_request(scratch, scratch / "forged.tar")), "steps");
}

TEST(Verification, AnotherJobsArtifact) {
    const TemporaryFolder scratch;
    CheckRequest request = check_request(scratch, honest().bench.artifact());
    request.job.id = *JobId::parse("0x000102030405060708090a0b0c0d0e0f");
    expect_rejected(check(request), "was made for JOB");
}

TEST(Verification, ModifiedWeights) {
    const auto double_a_bias = [](Entries& entries) {
        std::string& file = content_of(entries, "model.safetensors");
        for (std::size_t at = file.size() - 64 * 1024; at < file.size(); at += 4) {
            float value = 0;
            std::memcpy(&value, file.data() + at, sizeof value);
            value *= 2;
            std::memcpy(file.data() + at, &value, sizeof value);
        }
    };
    expect_rejected(check_changed(double_a_bias), "digest");
    expect_rejected(check_changed([&](Entries& entries) {
                        double_a_bias(entries);
                        seal(entries, manifest_of(entries));
                    }),
                    "are not the last state in manifest.json");
    Forgery forgery;
    double_a_bias(forgery.entries);
    expect_rejected(forgery.checked(), "claims a validation loss");
}

TEST(Verification, WeightsThatAreNoNumbers) {
    expect_rejected(check_changed([](Entries& entries) {
                        std::string& file = content_of(entries, "model.safetensors");
                        file.replace(file.size() - 4, 4, "\xff\xff\xff\x7f");
                        seal(entries, manifest_of(entries));
                    }),
                    "not finite numbers");
}

TEST(Verification, AForgedValidationLoss) {
    expect_rejected(check_changed([](Entries& entries) {
                        json::value manifest = manifest_of(entries);
                        manifest.at("validation_loss") = 1.25;
                        seal(entries, manifest);
                    }),
                    "claims a validation loss of 1.25");
}

TEST(Verification, AForgedLog) {
    expect_rejected(check_changed([](Entries& entries) {
                        std::string& log = content_of(entries, "training_log.jsonl");
                        log.replace(log.find("\"loss\":") + 7, 1, "4");
                        seal(entries, manifest_of(entries));
                    }),
                    "epoch losses");
    expect_rejected(check_changed([](Entries& entries) {
                        std::string& log = content_of(entries, "training_log.jsonl");
                        log.erase(0, log.find('\n') + 1);
                        seal(entries, manifest_of(entries));
                    }),
                    "line 1 of training_log.jsonl");
    expect_rejected(check_changed([](Entries& entries) {
                        content_of(entries, "training_log.jsonl") += "{}\n";
                        seal(entries, manifest_of(entries));
                    }),
                    "continues after");
}

TEST(Verification, AnotherTokenizer) {
    expect_rejected(check_changed([](Entries& entries) {
                        content_of(entries, "tokenizer.model").back() ^= 1;
                        seal(entries, manifest_of(entries));
                    }),
                    "tokenizer.model");
}

TEST(Verification, AnotherShape) {
    expect_rejected(check_changed([](Entries& entries) {
                        std::string& file = content_of(entries, "model.safetensors");
                        const std::string shape = "\"shape\":[64,192]";
                        file.replace(file.find(shape), shape.size(), "\"shape\":[192,64]");
                        seal(entries, manifest_of(entries));
                    }),
                    "shape");
}

/// The number of epochs that is accepted has one bound, for the node that trains and for the check.
TEST(Verification, AsManyEpochsAsTheRulesAccept) {
    const auto check_claim = [](std::uint32_t asked, std::uint32_t claimed) {
        const TemporaryFolder scratch;
        Entries entries = honest().entries;
        json::value manifest = manifest_of(entries);
        manifest.at("epochs") = claimed;
        manifest.at("epoch_losses") = json::array(claimed, 1.5);
        seal(entries, manifest);
        write_tar(scratch / "changed.tar", entries);
        CheckRequest request = check_request(scratch, scratch / "changed.tar");
        request.job.epochs = asked;
        return check(request);
    };
    for (const std::uint32_t asked : {1U, 60U}) {
        SCOPED_TRACE(asked);
        const std::uint32_t most = epochs_accepted_for(asked);
        expect_rejected(check_claim(asked, most), "an epoch; dataset and model give");
        expect_rejected(check_claim(asked, most + 1), "field 'epochs' is " + std::to_string(most + 1));
    }
}

// ---- archives that attack the reader

TEST(Verification, ATruncatedArchive) {
    for (const double share : {0.001, 0.3, 0.97}) {
        const TemporaryFolder scratch;
        std::filesystem::copy_file(honest().bench.artifact(), scratch / "cut.tar");
        const auto size = static_cast<double>(std::filesystem::file_size(scratch / "cut.tar"));
        std::filesystem::resize_file(scratch / "cut.tar", static_cast<std::uintmax_t>(size * share));
        EXPECT_FALSE(check(check_request(scratch, scratch / "cut.tar")).passed) << share;
    }
}

TEST(Verification, SomethingThatIsNoArchive) {
    for (const std::string& content : {std::string(), std::string(100'000, 'x'), std::string("<html>502</html>")}) {
        const TemporaryFolder scratch;
        write_text(scratch / "other.tar", content);
        EXPECT_FALSE(check(check_request(scratch, scratch / "other.tar")).passed);
    }
}

TEST(Verification, MembersThatDoNotBelongThere) {
    for (const char* name : {"../../escaped", "/tmp/emeth-escaped", "notes.txt", "./config.json", "sub/config.json"}) {
        SCOPED_TRACE(name);
        expect_rejected(check_changed([&](Entries& entries) { entries.push_back({name, "x"}); }),
                        "does not belong there");
    }
    EXPECT_FALSE(std::filesystem::exists("/tmp/emeth-escaped"));
}

TEST(Verification, MembersThatAreNoRegularFiles) {
    for (const TarEntry::Kind kind :
         {TarEntry::Kind::symlink, TarEntry::Kind::hardlink, TarEntry::Kind::folder, TarEntry::Kind::fifo}) {
        const Checked checked = check_changed([&](Entries& entries) {
            for (TarEntry& entry : entries)
                if (entry.name == "config.json") entry = {"config.json", "/etc/passwd", kind};
        });
        EXPECT_FALSE(checked.passed);
    }
    expect_rejected(check_changed([](Entries& entries) {
                        content_of(entries, "config.json") = "/etc/passwd";
                        for (TarEntry& entry : entries)
                            if (entry.name == "config.json") entry.kind = TarEntry::Kind::symlink;
                    }),
                    "not a regular file");
}

TEST(Verification, AMemberTwice) {
    expect_rejected(check_changed([](Entries& entries) { entries.push_back(entries.front()); }), "twice");
}

TEST(Verification, AMissingMember) {
    expect_rejected(check_changed([](Entries& entries) { entries.erase(entries.begin()); }), "lacks config.json");
}

TEST(Verification, OversizedMembers) {
    expect_rejected(check_changed([](Entries& entries) { content_of(entries, "config.json").assign(5'000, ' '); }),
                    "at most 4096 are allowed");
    expect_rejected(check_changed([](Entries& entries) { content_of(entries, "manifest.json").assign(200'000, ' '); }),
                    "'manifest.json' in the archive has 200000 bytes; at most");
    expect_rejected(check_changed([](Entries& entries) { content_of(entries, "model.safetensors").resize(64 << 20); }),
                    "are allowed");
}

TEST(Verification, AManifestThatClaimsTheWorld) {
    expect_rejected(check_changed([](Entries& entries) {
                        json::value manifest = manifest_of(entries);
                        manifest.at("epochs") = 5'000;
                        seal(entries, manifest);
                    }),
                    "field 'epochs' is 5000; expected a whole number from 1 to 100");
    expect_rejected(check_changed([](Entries& entries) { content_of(entries, "manifest.json") = "{"; }),
                    "not valid JSON");
    expect_rejected(check_changed([](Entries& entries) {
                        std::string& file = content_of(entries, "model.safetensors");
                        file.replace(0, 8, "\xff\xff\xff\xff\xff\xff\xff\x7f", 8);
                        seal(entries, manifest_of(entries));
                    }),
                    "announces a header");
}

}  // namespace
}  // namespace emeth::test
