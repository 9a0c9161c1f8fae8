// jobDetails.param comes from anybody: what it says is bounded, what it does not say is filled in.
#include "trainer_protocol/job_param.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace emeth::trainer_protocol {
namespace {

using ::testing::HasSubstr;

const JobId id = *JobId::parse("0x00112233445566778899aabbccddeeff");

TEST(JobParam, WhatItSays) {
    const Result<JobSpec> spec =
        parse_job_param(id, R"({"language":"ja","epoch":5,"model":"gpt2","batch":[1,{"x":2}]})", 2, "nano");
    ASSERT_TRUE(spec) << spec.error().message;
    EXPECT_EQ(spec->id, id);
    EXPECT_EQ(spec->language, "ja");
    EXPECT_EQ(spec->epochs, 5u);
    EXPECT_EQ(spec->model, "gpt2");
}

TEST(JobParam, WhatItLeavesToTheNetwork) {
    const Result<JobSpec> spec = parse_job_param(id, R"({"language":"en","epoch":1})", 2, "nano");
    ASSERT_TRUE(spec) << spec.error().message;
    EXPECT_EQ(spec->epochs, 2u);
    EXPECT_EQ(spec->model, "nano");
}

TEST(JobParam, WhatIsRefused) {
    const std::pair<std::string, const char*> refused[] = {
        {"", "param"},
        {"epoch=2", "param"},
        {"[]", "param"},
        {R"({"epoch":2})", "language"},
        {R"({"language":"fr","epoch":2})", "language"},
        {R"({"language":"en"})", "epoch"},
        {R"({"language":"en","epoch":0})", "epoch"},
        {R"({"language":"en","epoch":2.5})", "epoch"},
        {R"({"language":"en","epoch":1001})", "epoch"},
        {R"({"language":"en","epoch":2,"model":"../x"})", "model"},
        {R"({"language":"en","epoch":2,"model":7})", "model"},
        {std::string(param_bytes_max + 1, ' '), "param"},
    };
    for (const auto& [param, named] : refused) {
        const Result<JobSpec> spec = parse_job_param(id, param, 2, "nano");
        ASSERT_FALSE(spec) << param;
        EXPECT_EQ(spec.error().kind, ErrorKind::permanent);
        EXPECT_THAT(spec.error().message, HasSubstr(named));
    }
}

}  // namespace
}  // namespace emeth::trainer_protocol
