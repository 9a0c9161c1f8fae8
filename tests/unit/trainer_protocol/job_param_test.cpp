// jobDetails.param comes from anybody: its values are bounded, and the network's rules supply what is missing.
#include "trainer_protocol/job_param.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "trainer_protocol/presets.hpp"

namespace emeth::trainer_protocol {
namespace {

using ::testing::HasSubstr;

const JobId id = *JobId::parse("0x00112233445566778899aabbccddeeff");

TEST(JobParam, WhatItSays) {
    const Result<JobSpec> spec =
        parse_job_param(id, R"({"language":"ja","epoch":5,"model":"gpt2","batch":[1,{"x":2}]})", NetworkRules{});
    ASSERT_TRUE(spec) << spec.error().message;
    EXPECT_EQ(spec->id, id);
    EXPECT_EQ(spec->language, "ja");
    EXPECT_EQ(spec->epochs, 5u);
    EXPECT_EQ(spec->model, "gpt2");
}

TEST(JobParam, WhatItLeavesToTheNetwork) {
    const Result<JobSpec> spec = parse_job_param(id, R"({"language":"en","epoch":1})", NetworkRules{});
    ASSERT_TRUE(spec) << spec.error().message;
    EXPECT_EQ(spec->epochs, 2u);
    EXPECT_EQ(spec->model, "nano");
}

/// What a node would train, a verifier would take.
TEST(JobParam, NoMoreEpochsThanAVerifierTakes) {
    for (const std::uint32_t epochs_min : {2U, 100U, 101U, 120U, 500U, 2'000U})
        for (const std::uint32_t asked : {1U, 2U, 50U, 51U, 60U, 100U, 400U, 501U, 1'000U}) {
            SCOPED_TRACE(std::to_string(epochs_min) + ", asked " + std::to_string(asked));
            NetworkRules rules;
            rules.epochs_min = epochs_min;
            const std::string param = R"({"language":"en","epoch":)" + std::to_string(asked) + "}";
            const Result<JobSpec> node = parse_job_param(id, param, rules);
            const Result<JobSpec> verifier = parse_job_param(id, param, NetworkRules{});
            ASSERT_TRUE(verifier) << verifier.error().message;
            const std::uint32_t trained = std::max(asked, epochs_min);
            EXPECT_EQ(node.has_value(), trained <= epochs_accepted_for(verifier->epochs));
            if (node) {
                EXPECT_EQ(node->epochs, trained);
            } else {
                EXPECT_THAT(node.error().message, HasSubstr("n_epoch is " + std::to_string(epochs_min)));
            }
        }
}

TEST(EpochsAccepted, ForEveryJob) {
    EXPECT_EQ(epochs_accepted_for(1), 100U);
    EXPECT_EQ(epochs_accepted_for(50), 100U);
    EXPECT_EQ(epochs_accepted_for(51), 102U);
    EXPECT_EQ(epochs_accepted_for(501), epochs_max) << "no run has more";
    EXPECT_EQ(epochs_accepted_for(epochs_max), epochs_max) << "what was asked for is always accepted";
    EXPECT_EQ(epochs_accepted_for(0xFFFFFFFF), epochs_max);
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
        const Result<JobSpec> spec = parse_job_param(id, param, NetworkRules{});
        ASSERT_FALSE(spec) << param;
        EXPECT_EQ(spec.error().kind, ErrorKind::permanent);
        EXPECT_THAT(spec.error().message, HasSubstr(named));
    }
}

TEST(JobParam, AModelThatIsNoPresetIsRefusedForGoodWithTheListOfPresets) {
    const Result<JobSpec> spec = parse_job_param(id, R"({"language":"en","epoch":2,"model":"gpt9"})", NetworkRules{});
    ASSERT_FALSE(spec);
    EXPECT_EQ(spec.error().kind, ErrorKind::permanent);
    EXPECT_EQ(spec.error().message, "param: field 'model' is \"gpt9\"; expected " + preset_choice());
}

TEST(JobParam, ADefaultModelThatIsNoPresetTrainsNothing) {
    NetworkRules rules;
    rules.default_model = "gpt9";
    const Result<JobSpec> spec = parse_job_param(id, R"({"language":"en","epoch":2})", rules);
    ASSERT_FALSE(spec);
    EXPECT_THAT(spec.error().message, HasSubstr("default_model: unknown model 'gpt9'"));
    EXPECT_TRUE(parse_job_param(id, R"({"language":"en","epoch":2,"model":"nano"})", rules));
}

}  // namespace
}  // namespace emeth::trainer_protocol
