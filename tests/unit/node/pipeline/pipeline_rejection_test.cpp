// A rejected result: what the node keeps of the verifier's reason, and that it waits for none.
#include <gmock/gmock.h>

#include "node_world.hpp"

namespace emeth::test {
namespace {

namespace sm = statemachine;
using ::testing::HasSubstr;

/// A JOB that the verifier rejects for `reason`, which the Storage API then has.
class PipelineRejectionTest : public NodeWorld {
protected:
    void reject_for(const std::string& reason) {
        verifier_verifies = false;
        start(true);
        ASSERT_TRUE(run_until([this] { return record().evidence.block_hash.has_value(); }));
        artifacts.reason = {*record().evidence.block_hash, reason};
        chain.reject_result(job_id);
    }
    [[nodiscard]] std::string end_reason() { return record().outcome.end_reason; }
};

TEST_F(PipelineRejectionTest, KeepsTheVerifiersReason) {
    reject_for("the artifact is no tar");
    ASSERT_TRUE(run_until_state(sm::State::failed));
    EXPECT_EQ(end_reason(), "the verifier rejected the result, penalty 5 EMT: the artifact is no tar");
    EXPECT_TRUE(real_store->jobs().verify(job_id).has_value());
}

TEST_F(PipelineRejectionTest, WhatTheServerSaysIsMadeFitToBeShown) {
    reject_for("\x1b[2Jtwo\nlines " + std::string(9'000, 'x'));
    ASSERT_TRUE(run_until_state(sm::State::failed));
    EXPECT_THAT(end_reason(), HasSubstr(": \\x1b[2Jtwo\\x0alines xxx"));
    EXPECT_LT(end_reason().size(), 1'200U);
}

TEST_F(PipelineRejectionTest, WaitsForAStorageApiThatIsAwayForAWhile) {
    reject_for("the artifact is no tar");
    artifacts.failure = transient_error("the Storage API answered 503");
    ASSERT_TRUE(run_until([this] { return artifacts.reason_questions == 2; }));
    EXPECT_EQ(record().state, sm::State::submitted);
    artifacts.failure.reset();
    ASSERT_TRUE(run_until_state(sm::State::failed));
    EXPECT_THAT(end_reason(), HasSubstr("the artifact is no tar"));
}

/// What the chain says does not wait for what only explains it.
TEST_F(PipelineRejectionTest, EndsWithoutAReasonWhereTheStorageApiStaysAway) {
    reject_for("the artifact is no tar");
    artifacts.failure = transient_error("the Storage API answered 503");
    ASSERT_TRUE(run_until_state(sm::State::failed, 60));
    EXPECT_EQ(end_reason(), "the verifier rejected the result, penalty 5 EMT");
}

TEST_F(PipelineRejectionTest, EndsAtOnceWhereTheStorageApiWantsToSayNothing) {
    reject_for("the artifact is no tar");
    artifacts.failure = permanent_error("the Storage API answered 403");
    ASSERT_TRUE(run_until_state(sm::State::failed));
    EXPECT_EQ(artifacts.reason_questions, 1);
    EXPECT_EQ(end_reason(), "the verifier rejected the result, penalty 5 EMT");
}

/// It is of a verdict that a reorganisation took back.
TEST_F(PipelineRejectionTest, IsNotToldTheReasonOfAnotherDraw) {
    reject_for("the artifact is no tar");
    artifacts.reason->submit_block.bytes[0] ^= 1;
    ASSERT_TRUE(run_until_state(sm::State::failed));
    EXPECT_EQ(end_reason(), "the verifier rejected the result, penalty 5 EMT");
}

}  // namespace
}  // namespace emeth::test
