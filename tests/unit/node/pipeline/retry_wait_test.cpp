// How long a JOB waits after a failure.
#include "node/pipeline/retry_wait.hpp"

#include <gtest/gtest.h>

#include "node/pipeline/takeover.hpp"
#include "support/job_events.hpp"

namespace emeth::test {
namespace {

TEST(LongestWait, IsAnEighthOfTheTimeToTheDeadlineOnEitherSideOfIt) {
    EXPECT_EQ(node::longest_wait(std::nullopt), Milliseconds::max());
    EXPECT_EQ(node::longest_wait(800), Milliseconds(100'000));
    EXPECT_EQ(node::longest_wait(-800), Milliseconds(100'000)) << "a late submit may still count";
    EXPECT_EQ(node::longest_wait(0), Milliseconds(1'000));
}

TEST(FailuresAllowed, AreMoreWhereThereIsWorkToLose) {
    statemachine::Job job = job_in(statemachine::State::downloading);
    const std::uint32_t with_nothing_to_lose = node::failures_allowed(job);
    job.training.checkpoint = statemachine::Checkpoint{0, 40, numbered<Hash256>(1), 3.5};
    EXPECT_GT(node::failures_allowed(job), with_nothing_to_lose);
}

}  // namespace
}  // namespace emeth::test
