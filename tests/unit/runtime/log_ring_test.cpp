#include "runtime/log_ring.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/log.hpp"

namespace emeth {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class LogRingTest : public testing::Test {
protected:
    void SetUp() override {
        testing::internal::CaptureStderr();
        init_logging("ring", "info");
    }
    void TearDown() override { testing::internal::GetCapturedStderr(); }
};

TEST_F(LogRingTest, KeepsWhatWasLoggedWhileItLived) {
    spdlog::info("before");
    const LogRing ring;
    spdlog::info("first");
    spdlog::debug("not shown, not kept");
    spdlog::warn("second");
    const auto lines = ring.after(0);
    ASSERT_THAT(lines, SizeIs(2));
    EXPECT_EQ(lines[0].text, "first");
    EXPECT_EQ(lines[0].level, "info");
    EXPECT_EQ(lines[1].level, "warning");
    EXPECT_GT(lines[1].at_unix_ms, 1'600'000'000'000);
    EXPECT_EQ(ring.after(lines[0].number).at(0).text, "second");
    EXPECT_THAT(ring.after(lines[1].number), IsEmpty());
}

TEST_F(LogRingTest, ForgetsTheOldestLines) {
    const LogRing ring;
    for (std::size_t i = 0; i < LogRing::lines_max + 3; ++i) spdlog::info("line {}", i);
    const auto lines = ring.after(0);
    ASSERT_THAT(lines, SizeIs(LogRing::lines_max));
    EXPECT_EQ(lines.front().text, "line 3");
    EXPECT_EQ(lines.front().number, 4u);
}

TEST_F(LogRingTest, ALineIsOneLineAndBounded) {
    const LogRing ring;
    spdlog::info("a\nb{}", std::string(10'000, 'x'));
    const auto lines = ring.after(0);
    ASSERT_THAT(lines, SizeIs(1));
    EXPECT_THAT(lines[0].text, HasSubstr("a\\x0ab"));
    EXPECT_LE(lines[0].text.size(), LogRing::line_bytes_max);
}

TEST_F(LogRingTest, IsGoneFromTheLoggerWithItsEnd) {
    const auto sinks = spdlog::default_logger()->sinks().size();
    {
        const LogRing ring;
    }
    EXPECT_EQ(spdlog::default_logger()->sinks().size(), sinks);
}

}  // namespace
}  // namespace emeth
