#include "api_client/verdict_reason.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/utf8.hpp"

namespace emeth::api_client {
namespace {

using ::testing::HasSubstr;

const JobId job = *JobId::parse("0x11111111111111111111111111111111");
const VerdictReason reason{*Hash256::parse("0x" + std::string(64, '2')), "the artifact is no tar"};

TEST(VerdictReason, IsReadAsItWasWritten) {
    EXPECT_EQ(read_verdict_reason(to_json(job, reason), job, "the answer").value(), reason);
}

TEST(VerdictReason, IsOneLineThatATerminalCanShow) {
    EXPECT_TRUE(is_verdict_reason("loss 3.21, claimed 2.98 (言語)"));
    EXPECT_TRUE(is_verdict_reason(std::string(verdict_reason_bytes_max, 'x')));
    for (const std::string text : {"", "two\nlines", "\x1b[2J", "caf\xe9", "\xc2\x9b", "\xe2\x80\xae"})
        EXPECT_FALSE(is_verdict_reason(text)) << text;
    EXPECT_FALSE(is_verdict_reason(std::string(verdict_reason_bytes_max + 1, 'x')));
    EXPECT_TRUE(is_verdict_reason(one_line(std::string(5'000, '\x07'), verdict_reason_bytes_max)));
}

/// Nobody need believe the server: what it says is made fit to be shown and stored.
TEST(VerdictReason, OfAServerThatLiesIsMadeFit) {
    for (const std::string& text : {std::string("\x1b[2Jtwo\nlines"), std::string(60'000, 'x')}) {
        const auto read = read_verdict_reason(to_json(job, {reason.submit_block, text}), job, "the answer");
        ASSERT_TRUE(read) << read.error().message;
        EXPECT_TRUE(is_verdict_reason(read->text)) << read->text;
    }
}

TEST(VerdictReason, WhatIsNoneIsAnError) {
    boost::json::object answer = to_json(job, reason);
    EXPECT_TRUE(read_verdict_reason(answer, JobId{}, "the answer").has_error());
    answer["reason"] = "";
    EXPECT_TRUE(read_verdict_reason(answer, job, "the answer").has_error());
    answer["reason"] = 7;
    EXPECT_THAT(read_verdict_reason(answer, job, "the answer").error().message, HasSubstr("the answer"));
    answer["reason"] = std::string(100'000, 'x');
    EXPECT_TRUE(read_verdict_reason(answer, job, "the answer").has_error());
    answer["reason"] = "x";
    answer.erase("submitBlock");
    EXPECT_TRUE(read_verdict_reason(answer, job, "the answer").has_error());
    EXPECT_TRUE(read_verdict_reason("text", job, "the answer").has_error());
}

}  // namespace
}  // namespace emeth::api_client
