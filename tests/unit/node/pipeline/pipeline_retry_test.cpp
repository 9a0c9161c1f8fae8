// A step that failed is tried again: how long that takes, and how the operator ends the wait.
#include "node_world.hpp"

namespace emeth::test {
namespace {

namespace sm = statemachine;

class PipelineRetryTest : public NodeWorld {
protected:
    /// Until the test lets the training end.
    void train() {
        hub.script.pop_back();
        start(true);
        ASSERT_TRUE(run_until_state(sm::State::training));
    }
    /// To its end: the upload cannot be opened until the test resets the failure.
    void train_while_the_storage_api_is_away() {
        ASSERT_NO_FATAL_FAILURE(train());
        artifacts.failure = transient_error("storage: 503");
        hub.send(job_id, worker_protocol::Trained{artifact});
    }
};

TEST_F(PipelineRetryTest, RetriesMoreOftenAsTheDeadlineComesNearer) {
    ASSERT_NO_FATAL_FAILURE(train_while_the_storage_api_is_away());
    run_for(6 * 3'600 - 400);
    EXPECT_GT(record().retry.attempt, 8U) << "the back-off has grown to minutes";
    artifacts.failure.reset();
    ASSERT_TRUE(run_until_state(sm::State::verified, 120)) << "but not to those minutes that were left";
}

TEST_F(PipelineRetryTest, TheOperatorMayEndAWait) {
    ASSERT_NO_FATAL_FAILURE(train_while_the_storage_api_is_away());
    ASSERT_TRUE(run_until([this] { return record().retry.attempt == 7; }));
    artifacts.failure.reset();
    const sm::Job waiting = record();
    ASSERT_GT(waiting.retry.retry_at_unix_ms, clock.unix_ms() + 30'000);
    ASSERT_TRUE(pipeline().retry_now().has_value());
    EXPECT_EQ(record(), waiting) << "nothing is recorded of it";
    EXPECT_TRUE(pipeline().retry_now().has_error()) << "it is tried already";
    ASSERT_TRUE(run_until([this] { return artifacts.opened == 1; }, 5));
    ASSERT_TRUE(run_until_state(sm::State::verified));
    expect_verified_once();
}

TEST_F(PipelineRetryTest, OnlyTheWaitAtHandIsEndedAndTheNextFailureWaitsAgain) {
    ASSERT_NO_FATAL_FAILURE(train_while_the_storage_api_is_away());
    ASSERT_TRUE(run_until([this] { return record().retry.attempt == 7; }));
    ASSERT_TRUE(pipeline().retry_now().has_value());
    ASSERT_TRUE(run_until([this] { return record().retry.attempt == 8; }, 5));
    EXPECT_FALSE(pipeline().retries_now());
    run_for(60);
    EXPECT_EQ(record().retry.attempt, 8U) << "it waits for longer than a minute by now";
}

TEST_F(PipelineRetryTest, TheOperatorMayEndAWaitBeforeAnOrderToTheWorker) {
    artifacts.failure = transient_error("storage: 503");
    start(true);
    ASSERT_TRUE(run_until([this] { return record().retry.attempt == 5 && record().retry.step == "download"; }));
    artifacts.failure.reset();
    ASSERT_TRUE(pipeline().retry_now().has_value());
    ASSERT_TRUE(run_until([this] { return count<sm::DatasetReady>() == 1; }, 5));
}

TEST_F(PipelineRetryTest, AJobThatDoesNotWaitHasNothingToTryAgain) {
    ASSERT_NO_FATAL_FAILURE(train());
    const auto refused = pipeline().retry_now();
    ASSERT_TRUE(refused.has_error());
    EXPECT_NE(refused.error().message.find("waits for no retry"), std::string::npos) << refused.error().message;
}

/// Seed 11452 of the simulation: after the wall clock was set back, each try waited 5 minutes.
TEST_F(PipelineRetryTest, AWallClockThatIsSetBackDoesNotStretchABackOff) {
    ASSERT_NO_FATAL_FAILURE(train_while_the_storage_api_is_away());
    ASSERT_TRUE(run_until([this] { return record().retry.attempt == 2; }));
    clock.wall_jump = Milliseconds(-3'600'000);
    artifacts.failure.reset();
    ASSERT_TRUE(run_until([this] { return artifacts.opened == 1; }, 10)) << "the second back-off is 2 s";
    ASSERT_TRUE(run_until_state(sm::State::verified));
}

}  // namespace
}  // namespace emeth::test
