// Whether a JOB can still be finished, and what is done when it cannot.
#include "node/pipeline/finish_watch.hpp"

#include <gtest/gtest.h>

#include "chain/amount.hpp"

namespace emeth::test {
namespace {

using namespace std::chrono_literals;
using node::FinishWatch;
using node::Outlook;
using node::reason_to_decline;

constexpr std::int64_t deadline_s = 1'700'000'000;

Outlook outlook(std::int64_t left_s, std::int64_t work_left_s) {
    Outlook made;
    made.now_unix_s = deadline_s - left_s;
    made.deadline_unix_s = deadline_s;
    made.work_left_s = work_left_s;
    made.verifier_lag_s = 60;
    made.decline_penalty = made.timeout_penalty = chain::parse_coins("5").value();
    return made;
}

TEST(ReasonToDecline, AJobThatCanBeFinishedNeverHasOne) {
    for (const std::int64_t left : {0, 1, 100, 100'000})
        for (const std::int64_t work : {std::int64_t{0}, left / 2, left})
            EXPECT_FALSE(reason_to_decline(outlook(left, work))) << left << " " << work;
}

TEST(ReasonToDecline, NamesTheSums) {
    EXPECT_EQ(reason_to_decline(outlook(2'400, 11'400)),
              "it needs 3 h 10 min more at the best speed seen and 40 min are left: to decline costs 5 EMT, to wait "
              "for the timeout 5 EMT");
    EXPECT_EQ(reason_to_decline(outlook(-61, 0)),
              "it needs 0 s more at the best speed seen and the deadline passed 61 s ago: to decline costs 5 EMT, to "
              "wait for the timeout 5 EMT");
}

TEST(DangerOf, IsAJobWithLittleTimeToSpare) {
    EXPECT_FALSE(node::danger_of(outlook(3'600, 3'000)));
    EXPECT_EQ(node::danger_of(outlook(3'600, 3'001)),
              "the deadline is in 60 min, and by the best speed seen it needs 50 min more");
    EXPECT_EQ(node::danger_of(outlook(-70, 3'600)),
              "the deadline passed 70 s ago, and by the best speed seen it needs 60 min more");
}

TEST(DangerOf, IsAlsoAJobThatNobodyTrainsOrSubmits) {
    EXPECT_FALSE(node::danger_of(outlook(300, 0)));
    EXPECT_EQ(node::danger_of(outlook(299, 0)),
              "the deadline is in 4 min, and no step of training has been measured: there is no finish estimate");
    Outlook trained = outlook(200, 0);
    trained.trained = true;
    EXPECT_EQ(node::danger_of(trained), "the deadline is in 3 min, and the result is not submitted yet");
}

TEST(ReasonToDecline, ALateSubmitMayCountUntilTheVerifierCallsTimeout) {
    EXPECT_FALSE(reason_to_decline(outlook(100, 160)));
    EXPECT_TRUE(reason_to_decline(outlook(100, 161)));
    EXPECT_FALSE(reason_to_decline(outlook(-60, 0)));
}

TEST(ReasonToDecline, AResultThatLiesReadyIsSubmittedHoweverLateUnlessThatCostsMore) {
    Outlook trained = outlook(-100'000, 0);
    EXPECT_TRUE(reason_to_decline(trained));
    trained.trained = true;
    EXPECT_FALSE(reason_to_decline(trained));
    trained.timeout_penalty = chain::parse_coins("10").value();
    EXPECT_TRUE(reason_to_decline(trained));
}

TEST(ReasonToDecline, TheCheaperEndIsTaken) {
    Outlook dear_timeout = outlook(100, 130);
    dear_timeout.timeout_penalty = chain::parse_coins("10").value();
    EXPECT_TRUE(reason_to_decline(dear_timeout)) << "a late submit is no better than a certain loss of less";
    Outlook dear_decline = outlook(100, 100'000);
    dear_decline.decline_penalty = chain::parse_coins("10").value();
    EXPECT_FALSE(reason_to_decline(dear_decline));
}

TEST(ReasonToDecline, AHopelessJobIsGivenBackHoweverMuchTimeIsLeftWhereThatIsNoDearer) {
    Outlook hopeless = outlook(100'000, 10);
    hopeless.hopeless = "no worker can train it";
    EXPECT_EQ(reason_to_decline(hopeless),
              "no worker can train it; to decline costs 5 EMT, to wait for the timeout 5 EMT");
    hopeless.timeout_penalty = chain::parse_coins("4.9").value();
    EXPECT_FALSE(reason_to_decline(hopeless));
}

class FinishWatchTest : public ::testing::Test {
protected:
    FinishWatchTest() {
        job.terms.deadline_unix_s = deadline_s;
        job.dataset.steps_total = 10'000;
        job.deposit.deposit = chain::parse_coins("20").value();
    }
    /// The worker's last report, `second` seconds after the start: `step` of `stage`.
    void report(std::int64_t second, std::uint64_t step, const std::string& stage = "training") {
        worker_protocol::Progress progress;
        progress.stage = stage;
        progress.step = step;
        progress.steps_total = stage == "training" ? job.dataset.steps_total : 1'000;
        progress.workers = workers;
        board.put(job.terms.id, progress, std::chrono::seconds(second));
    }
    std::optional<std::string> look(std::int64_t second) {
        return watch.look(job, {board.seen(job.terms.id), std::nullopt, deadline_s - left_s + second, workers_at_hand},
                          std::chrono::seconds(second));
    }
    std::optional<std::string> look(std::int64_t second, std::uint64_t step) {
        report(second, step);
        return look(second);
    }
    /// Steps of 25 s end at the seconds 25, 50, 75, …; the watch looks every 10 s, until `end`. Whether it ever wants
    /// to decline.
    bool declines_with_long_steps(std::int64_t end) {
        bool declined = false;
        for (std::int64_t second = 0; second <= end; ++second) {
            if (second % 25 == 0) report(second, static_cast<std::uint64_t>(second / 25));
            if (second % 10 == 0) declined = look(second) || declined;
        }
        return declined;
    }
    /// Nothing is seen but the chain's time.
    static FinishWatch::Seen at(std::int64_t chain_now_unix_s) { return {{}, {}, chain_now_unix_s}; }

    std::int64_t left_s = 1'000;  ///< before the deadline, at second 0
    std::uint32_t workers = 1, workers_at_hand = 1;
    statemachine::Job job;
    node::ProgressBoard board;
    FinishWatch watch{{60, 25'000, 25'000}};
};

/// 1 step/s alone: 9,980 s for 5,000 s left. Two more could do it at best, and it is not given back before they have
/// been seen to be too slow, or are gone.
TEST_F(FinishWatchTest, ATeamIsNotJudgedByTheWorkerThatBeganAlone) {
    left_s = 5'000;
    workers_at_hand = 3;
    for (std::int64_t second = 0; second <= 600; second += 10)
        EXPECT_FALSE(look(second, static_cast<std::uint64_t>(second))) << second;
    workers = 3;
    EXPECT_FALSE(look(610, 610));
    EXPECT_FALSE(look(620, 625)) << "1.5 steps/s together: 6,250 s for 4,380 s left";
    EXPECT_TRUE(look(750, 820));
}

/// Whose ports are closed, for example.
TEST_F(FinishWatchTest, ATeamThatNeverTrainsTogetherIsOneWorker) {
    left_s = 5'000;
    workers_at_hand = 3;
    std::int64_t second = 0;
    while (second < 2'000 && !look(second, static_cast<std::uint64_t>(second))) second += 10;
    EXPECT_GE(second, 600 + 120) << "the time to join, and that to be sure";
    EXPECT_LT(second, 900);
}

TEST_F(FinishWatchTest, ATeamWhoseMembersAreGoneIsOneWorker) {
    left_s = 5'000;
    workers_at_hand = 3;
    for (std::int64_t second = 0; second <= 100; second += 10)
        EXPECT_FALSE(look(second, static_cast<std::uint64_t>(second)));
    workers_at_hand = 1;
    EXPECT_FALSE(look(110, 110));
    EXPECT_TRUE(look(240, 240));
}

TEST_F(FinishWatchTest, DecidesOnlyOnWhatHasHeldForSomeTime) {
    EXPECT_FALSE(look(-10, 0));
    EXPECT_FALSE(look(0, 10));
    EXPECT_FALSE(look(10, 20)) << "1 step/s: 9,980 s for 990 s left";
    EXPECT_FALSE(look(100, 110));
    const auto reason = look(130, 140);
    ASSERT_TRUE(reason);
    EXPECT_NE(reason->find("to decline costs 5 EMT"), std::string::npos) << *reason;
}

TEST_F(FinishWatchTest, ASlowSpellDoesNotCountAgainstTheBestSpeedSeen) {
    EXPECT_FALSE(look(0, 1));
    EXPECT_FALSE(look(10, 500));
    EXPECT_FALSE(look(20, 1'000)) << "50 steps/s";
    for (std::int64_t second = 30; second <= 800; second += 10) EXPECT_FALSE(look(second, 1'010)) << second;
}

TEST_F(FinishWatchTest, ATrainerThatWentBackToItsCheckpointIsMeasuredAnew) {
    EXPECT_FALSE(look(0, 4'500));
    EXPECT_FALSE(look(10, 5'000));
    EXPECT_FALSE(look(20, 5'500));
    EXPECT_FALSE(look(30, 5'100)) << "no negative speed, and none of a jump";
    for (std::int64_t second = 40; second <= 800; second += 10) EXPECT_FALSE(look(second, 5'600));
}

/// Tokenising counts thousandths: 50 of them a second are no 50 steps a second, and 908 of them are no 908 steps.
TEST_F(FinishWatchTest, OnlyTrainingIsMeasured) {
    for (std::int64_t second = 0; second <= 20; ++second) {
        report(second, static_cast<std::uint64_t>(second) * 45, "tokens");
        EXPECT_FALSE(look(second));
    }
    std::optional<std::string> reason;
    for (std::int64_t second = 21; second <= 200; ++second) reason = look(second, static_cast<std::uint64_t>(second));
    ASSERT_TRUE(reason) << "1 step/s: 9,800 s for 800 s left";
    EXPECT_NE(reason->find("it needs 2 h 43 min"), std::string::npos) << *reason;
    report(201, 908, "tokens");
    reason = look(201);
    ASSERT_TRUE(reason);
    EXPECT_NE(reason->find("it needs 2 h 46 min"), std::string::npos) << "none of 10,000 steps is done: " << *reason;
}

TEST_F(FinishWatchTest, ALookAtWhichNoStepHasEndedIsNoMeasure) {
    job.dataset.steps_total = 100;  // 2,500 s
    left_s = 2'600;
    EXPECT_FALSE(declines_with_long_steps(2'400));
}

/// Measured between looks every 10 s, one step would at times seem to take 10 or 20 s.
TEST_F(FinishWatchTest, StepsLongerThanTheWindowAreMeasuredFromEndToEnd) {
    job.dataset.steps_total = 100;  // 2,500 s
    left_s = 2'400;
    EXPECT_TRUE(declines_with_long_steps(400));
}

TEST_F(FinishWatchTest, TheStepThatWasUnderWayAtTheFirstLookIsNoMeasure) {
    job.dataset.steps_total = 100;
    left_s = 2'000;
    report(0, 1);  // ended 15 s ago, as the master began again
    EXPECT_FALSE(look(0));
    bool declined = false;
    for (std::int64_t second = 10; second <= 300; ++second) {
        if (second % 25 == 10) report(second, static_cast<std::uint64_t>(second / 25 + 2));
        if (second % 10 == 0) declined = look(second) || declined;
    }
    EXPECT_TRUE(declined) << "25 s a step, not 10";
}

TEST_F(FinishWatchTest, OneStrangeBlockCostsNothing) {
    EXPECT_FALSE(watch.look(job, at(deadline_s + 90'000), 0s));
    EXPECT_FALSE(watch.look(job, at(deadline_s - 900), 100s));
    EXPECT_FALSE(watch.look(job, at(deadline_s + 90'000), 200s));
}

TEST_F(FinishWatchTest, WithoutAMeasuredSpeedOnlyTheDeadlineDecides) {
    EXPECT_FALSE(watch.look(job, at(deadline_s - 1), 0s));
    EXPECT_FALSE(watch.look(job, at(deadline_s - 1), 500s));
    EXPECT_FALSE(watch.look(job, at(deadline_s + 61), 600s));
    EXPECT_TRUE(watch.look(job, at(deadline_s + 181), 720s));
}

TEST_F(FinishWatchTest, HopelessnessHasToLastAndIsNoneOnceThereIsAnArtifact) {
    const FinishWatch::Seen hopeless{{}, "no worker can train it", deadline_s - 100'000};
    EXPECT_FALSE(watch.look(job, hopeless, 0s));
    EXPECT_FALSE(watch.look(job, at(deadline_s - 100'000), 100s)) << "a worker came back that had no say yet";
    EXPECT_FALSE(watch.look(job, hopeless, 130s));
    EXPECT_FALSE(watch.look(job, hopeless, 729s));
    EXPECT_TRUE(watch.look(job, hopeless, 730s));
    job.training.artifact.emplace();
    EXPECT_FALSE(watch.look(job, hopeless, 1'600s));
    job.state = statemachine::State::downloading;
    EXPECT_FALSE(watch.look(job, hopeless, 1'700s));
    EXPECT_TRUE(watch.look(job, hopeless, 2'300s)) << "its worker has lost it, and begins again";
}

}  // namespace
}  // namespace emeth::test
