// A JOB that makes the process crash: counted at the next start, and after three crashes in a row not touched for long.
#include <csignal>

#include "node/pipeline/crash_account.hpp"
#include "node_world.hpp"

namespace emeth::test {
namespace {

namespace sm = statemachine;
namespace wp = worker_protocol;

class PipelineCrashTest : public NodeWorld {
protected:
    void train_without_end() {
        hub.script.pop_back();
        start(true);
        ASSERT_TRUE(run_until([this] { return count<sm::CheckpointSaved>() == 2; }));
    }
    /// The crash marker that the process would leave if it crashed now.
    crash::Crash crash_now() { return {SIGSEGV, record().sequence, "training", job_id.hex()}; }
    /// The process crashes at the JOB, and the next one starts.
    void crash_and_start() {
        const auto crash = crash_now();
        kill();
        account_for(crash);
        start();
    }
    void account_for(const crash::Crash& crash) {
        ASSERT_TRUE(node::count_crash(real_store->jobs(), crash, clock.unix_ms(), clock.unix_ms() / 1'000).has_value());
    }
    void crash_three_times() {
        for (int crashes = 0; crashes < 3; ++crashes) {
            crash_and_start();
            run_for(10);
        }
    }
};

TEST_F(PipelineCrashTest, TwoCrashesAreBadLuckAndTheThirdMeansALongWait) {
    train_without_end();
    crash_and_start();
    ASSERT_TRUE(run_until([this] { return record().restarts == 1; }, 5));
    crash_and_start();
    ASSERT_TRUE(run_until([this] { return record().restarts == 2 && hub.assignments == 3; }, 5))
        << "it goes on at once";
    crash_and_start();
    run_for(29 * 60);
    EXPECT_EQ(record().restarts, 2U) << "nothing of it runs";
    EXPECT_EQ(hub.assignments, 3);
    EXPECT_EQ(record().retry.crashes, 3U);
    EXPECT_EQ(sm::why(record(), record().retry.retry_at_unix_ms - 30 * 60'000),
              "waiting 30 min to retry the training: the master ended itself by signal 11 (SIGSEGV), attempt 3, 3 "
              "crashes in a row");
    ASSERT_TRUE(run_until([this] { return record().restarts == 3; }, 2 * 60));
    hub.send(job_id, wp::Trained{artifact});
    ASSERT_TRUE(run_until_state(sm::State::verified));
    expect_verified_once();
}

TEST_F(PipelineCrashTest, ACrashAfterTheWaitMeansAnotherOne) {
    train_without_end();
    crash_three_times();
    ASSERT_TRUE(run_until([this] { return record().restarts == 3; }, 31 * 60));
    crash_and_start();
    run_for(20 * 60);
    EXPECT_EQ(record().restarts, 3U);
    EXPECT_EQ(record().retry.crashes, 4U);
}

TEST_F(PipelineCrashTest, ProgressBetweenTheCrashesBeginsTheCountAnew) {
    train_without_end();
    crash_and_start();
    crash_and_start();
    ASSERT_TRUE(run_until([this] { return hub.assignments >= 2; }));
    hub.send(job_id, wp::CheckpointSaved{{1, 90, repeated<Hash256>(0x90), 3.1}});
    ASSERT_TRUE(run_until([this] { return count<sm::CheckpointSaved>() == 3; }));
    EXPECT_EQ(record().retry.crashes, 0U);
    const auto restarts = record().restarts;
    crash_and_start();
    ASSERT_TRUE(run_until([&] { return record().restarts == restarts + 1; }, 5)) << "it goes on at once";
    EXPECT_EQ(record().retry.crashes, 1U);
}

TEST_F(PipelineCrashTest, AKillIsNoCrash) {
    train_without_end();
    for (int kills = 0; kills < 5; ++kills) {
        kill();
        start();
        ASSERT_TRUE(run_until([&] { return record().restarts == static_cast<std::uint32_t>(kills) + 1; }, 5));
    }
    EXPECT_EQ(record().retry.crashes, 0U);
}

TEST_F(PipelineCrashTest, TheWaitOutlivesAKillAndIsNotBegunAnew) {
    train_without_end();
    crash_three_times();
    const auto retry_at = record().retry.retry_at_unix_ms;
    run_for(15 * 60);
    kill();
    start();
    ASSERT_TRUE(run_until([this] { return record().restarts == 3; }, 31 * 60));
    EXPECT_GE(clock.unix_ms(), retry_at);
    EXPECT_LT(clock.unix_ms(), retry_at + 1'000);
}

TEST_F(PipelineCrashTest, IsCountedOnceHoweverOftenTheMarkerIsRead) {
    train_without_end();
    const auto crash = crash_now();
    kill();
    account_for(crash);
    account_for(crash);  // the start that counted it was killed before it cleared the marker
    EXPECT_EQ(record().retry.crashes, 1U);
    start();
    ASSERT_TRUE(run_until([this] { return record().restarts == 1; }, 5));
    crash_and_start();
    EXPECT_EQ(record().retry.crashes, 2U);
}

TEST_F(PipelineCrashTest, TheOperatorsDeclineEndsTheWait) {
    train_without_end();
    crash_three_times();
    ASSERT_EQ(record().restarts, 2U);
    ASSERT_TRUE(pipeline().request_decline("the operator declined it").has_value());
    ASSERT_TRUE(run_until_state(sm::State::declined, 60));
    EXPECT_EQ(chain.mined("decline"), 1);
}

TEST_F(PipelineCrashTest, IsHeldAgainstNoOtherJobAndAgainstNoneThatHasEnded) {
    train_without_end();
    account_for({SIGSEGV, 0, "training", ""});
    account_for({SIGSEGV, 0, "training", repeated<JobId>(0x77).hex()});
    EXPECT_EQ(record().retry.crashes, 0U);
    hub.send(job_id, wp::Trained{artifact});
    ASSERT_TRUE(run_until_state(sm::State::verified));
    account_for(crash_now());
    EXPECT_EQ(count<sm::StepFailed>(), 0);
}

TEST(PoisonWait, IsLongButEndsBeforeTheDeadlineMakesItPointless) {
    EXPECT_EQ(node::poison_wait(4 * 3'600), Milliseconds(30 * 60'000));
    EXPECT_EQ(node::poison_wait(3'600), Milliseconds(15 * 60'000));
    EXPECT_EQ(node::poison_wait(100), Milliseconds(60'000));
    EXPECT_EQ(node::poison_wait(-5), Milliseconds(60'000));
    EXPECT_EQ(node::poison_wait(253'402'300'799), Milliseconds(30 * 60'000));
}

}  // namespace
}  // namespace emeth::test
