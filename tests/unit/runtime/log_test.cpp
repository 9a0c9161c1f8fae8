#include "runtime/log.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/json_fields.hpp"
#include "runtime/log_ring.hpp"
#include "runtime/subject_log.hpp"

namespace emeth {
namespace {

using testing::ContainsRegex;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

const JobId job = *JobId::parse("0x00112233445566778899aabbccddeeff");
const Address worker = *Address::parse("0xabcdef0102030405060708090a0b0c0d0e0f1011");

/// The whole log of `lines`.
template <class Lines>
std::string logged(std::string_view format, Lines lines) {
    testing::internal::CaptureStderr();
    init_logging("log-test", "info", format);
    lines();
    return testing::internal::GetCapturedStderr();
}

TEST(Log, OneLineAnEventWithUtcTimeAndProgram) {
    testing::internal::CaptureStderr();
    init_logging("log-test", "info");
    spdlog::debug("not shown");
    spdlog::info("JOB {} accepted", 7);
    const std::string output = testing::internal::GetCapturedStderr();
    EXPECT_THAT(output,
                ContainsRegex("^20[0-9-]+T[0-9:]+\\.[0-9][0-9][0-9]Z info +log-test\\[[0-9]+\\]: JOB 7 accepted\n$"));
}

TEST(Log, TextFromOutsideCannotForgeALine) {
    testing::internal::CaptureStderr();
    init_logging("log-forge", "info");
    spdlog::warn("dataset {}", "a\n2030-01-01T00:00:00.000Z info\x1b[2J");
    const std::string output = testing::internal::GetCapturedStderr();
    EXPECT_THAT(output, HasSubstr("dataset a\\x0a2030-01-01T00:00:00.000Z info\\x1b[2J\n"));
}

TEST(Log, UnknownLevelIsReportedAndInfoTaken) {
    testing::internal::CaptureStderr();
    init_logging("log-level", "loud");
    spdlog::info("shown");
    const std::string output = testing::internal::GetCapturedStderr();
    EXPECT_THAT(output, HasSubstr("log level 'loud' is not known; expected trace, debug, info, warn or error"));
    EXPECT_THAT(output, HasSubstr("shown"));
}

TEST(Log, CanBeInitialisedAgain) {
    testing::internal::CaptureStderr();
    init_logging("log-again", "error");
    init_logging("log-again", "warn");
    spdlog::warn("shown");
    EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("shown"));
}

TEST(SubjectLog, ALineNamesItsJobAndItsWorkerBeforeTheMessage) {
    EXPECT_THAT(logged(log_text, [] { log_of(job).info("{} parts", 3); }), HasSubstr("]: job=0x00112233…: 3 parts\n"));
    EXPECT_THAT(logged(log_text, [] { log_of(worker).warn("not fit"); }),
                HasSubstr("]: worker=0xabcdef01…: not fit\n"));
    EXPECT_THAT(logged(log_text, [] { log_of(job, worker).error("lost"); }),
                HasSubstr("]: job=0x00112233… worker=0xabcdef01…: lost\n"));
}

TEST(SubjectLog, InJsonTheyAreKeysOfTheirOwn) {
    const std::string line = logged(log_json, [] { log_of(job, worker).info("a \"quoted\" word"); });
    const auto json = parse_json(line, 4'096, "the line").value().as_object();
    EXPECT_EQ(json.at("job").as_string(), job.hex());
    EXPECT_EQ(json.at("worker").as_string(), worker.hex());
    EXPECT_EQ(json.at("message").as_string(), "a \"quoted\" word");
    EXPECT_EQ(json.at("level").as_string(), "info");
}

TEST(SubjectLog, ALineAboutNeitherHasNoSuchField) {
    const auto both = [] {
        log_of(job, worker).info("first");
        spdlog::info("second");
    };
    EXPECT_THAT(logged(log_text, both), EndsWith("]: second\n"));
    const std::string lines = logged(log_json, both);
    const std::string second = lines.substr(lines.find('\n') + 1);
    const auto json = parse_json(second, 4'096, "the line").value().as_object();
    EXPECT_FALSE(json.contains("job") || json.contains("worker")) << second;
}

TEST(SubjectLog, TheLinesOfTheRingNameThemToo) {
    logged(log_text, [] {
        const LogRing ring;
        log_of(job).info("accepted");
        EXPECT_EQ(ring.after(0).at(0).text, "job=0x00112233…: accepted");
    });
}

TEST(SubjectLog, EveryLineOfAWorkersProgramNamesIt) {
    const Address other = *Address::parse("0x0000000000000000000000000000000000000001");
    set_own_worker(worker);
    EXPECT_THAT(logged(log_text, [] { spdlog::info("started"); }), HasSubstr("]: worker=0xabcdef01…: started\n"));
    EXPECT_THAT(logged(log_text, [] { log_of(job).info("taken"); }),
                HasSubstr("]: job=0x00112233… worker=0xabcdef01…: taken\n"));
    EXPECT_THAT(logged(log_text, [&] { log_of(other).info("helps"); }), HasSubstr("]: worker=0x00000000…: helps\n"));
    set_own_worker(std::nullopt);
}

}  // namespace
}  // namespace emeth
