#include "runtime/log.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace emeth {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;

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

}  // namespace
}  // namespace emeth
