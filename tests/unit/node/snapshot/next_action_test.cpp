// What a node says that it does next with a JOB.
#include "node/snapshot/next_action.hpp"

#include <gmock/gmock.h>

#include "node/pipeline/retry_wait.hpp"
#include "support/job_events.hpp"

namespace emeth::test {
namespace {

namespace sm = statemachine;
using node::NextActionView;
using sm::State;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr std::int64_t noon_ms = 1'800'014'400'000;  // 2027-01-15 12:00:00 UTC

std::string next(const sm::Job& job, std::optional<std::int64_t> finish_estimate_s = std::nullopt) {
    return node::next_action(job, {noon_ms, true, finish_estimate_s, 3, 12});
}

TEST(NextAction, TellsUntilWhenItTrains) {
    sm::Job job = job_in(State::training);
    job.training.artifact.reset();
    EXPECT_EQ(next(job, 8'410), "trains until about 14:20:10 UTC, then uploads the result");
    EXPECT_EQ(next(job), "trains, then uploads the result");
    EXPECT_THAT(next(job, 86'400), HasSubstr("until about 2027-01-16 12:00:00 UTC")) << "not today";
    EXPECT_THAT(next(job_in(State::downloading), 60), AllOf(HasSubstr("12:01:00 UTC"), HasSubstr("dataset")));
}

TEST(NextAction, WhoIsAwayIsWaitedFor) {
    const auto without_worker = [](const sm::Job& job) {
        return node::next_action(job, {noon_ms, true, 60, 3, 12, true});
    };
    EXPECT_THAT(without_worker(job_in(State::downloading)), HasSubstr("another one that can still finish it"));
    sm::Job submitted = job_in(State::submitted);
    submitted.evidence = {};
    submitted.evidence.block_hash = numbered<Hash256>(1);
    submitted.evidence.segments = {0, 4};
    EXPECT_THAT(without_worker(submitted), HasSubstr("which alone has the evidence"));
    EXPECT_THAT(without_worker(job_in(State::accepted)), Not(HasSubstr("connect again"))) << "it has none yet";
}

TEST(NextAction, TellsWhenAFailedStepIsTriedAgain) {
    sm::Job job = job_in(State::training);
    job.retry = {2, noon_ms + 310'000, "upload", "storage answered 503", 0};
    EXPECT_EQ(next(job), "tries the upload again at 12:05:10 UTC (try 3)");
    EXPECT_EQ(node::retry_at_unix_ms(job, noon_ms), noon_ms + 310'000);
    job.retry.retry_at_unix_ms = noon_ms;
    EXPECT_EQ(next(job), "tries the upload again (try 3)");
    EXPECT_EQ(node::retry_at_unix_ms(job, noon_ms), std::nullopt) << "it waits no more";
}

TEST(NextAction, TellsHowManyBlocksItWaitsFor) {
    sm::Job job = job_in(State::discovered);
    job.deposit.process = tx(7);
    EXPECT_THAT(next(job), HasSubstr("3 blocks deep"));
    EXPECT_THAT(node::next_action(job, {noon_ms, true, std::nullopt, 1, 1}), HasSubstr("1 block deep"));
}

TEST(NextAction, TellsWhatFollowsTheSubmit) {
    sm::Job job = job_in(State::submitted);
    job.evidence = {};
    EXPECT_THAT(next(job), HasSubstr("evidence"));
    job.evidence.block_hash = numbered<Hash256>(1);
    job.evidence.segments = {0, 4};
    EXPECT_THAT(next(job), HasSubstr("once its worker has packed it"));
    job.evidence.file = sm::WorkerFile{numbered<Hash256>(2), 12};
    EXPECT_THAT(next(job), StartsWith("opens the upload of the evidence"));
    job.evidence.upload.upload_id = "upload";
    job.evidence.upload.completed = true;
    EXPECT_THAT(next(job), AllOf(HasSubstr("verdict"), HasSubstr("12 blocks deep")));
}

TEST(NextAction, ADeclineComesBeforeEverythingElse) {
    sm::Job job = job_in(State::accepted);
    EXPECT_THAT(next(job), HasSubstr("idle worker"));
    job.outcome.decline_reason = "the operator declined it";
    EXPECT_THAT(next(job), StartsWith("declines it"));
}

TEST(NextAction, NothingIsDoneWithoutAMaster) {
    EXPECT_THAT(node::next_action(job_in(State::training), {noon_ms, false}), HasSubstr("until a master is started"));
}

TEST(NextAction, EveryStateHasASentence) {
    for (const State state : sm::all_states) EXPECT_FALSE(next(job_in(state)).empty()) << sm::name(state);
}

}  // namespace
}  // namespace emeth::test
