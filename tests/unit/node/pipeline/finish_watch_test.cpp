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

class FinishWatchTest : public ::testing::Test {
protected:
    FinishWatchTest() {
        job.terms.deadline_unix_s = deadline_s;
        job.dataset.steps_total = 10'000;
        job.deposit.deposit = chain::parse_coins("20").value();
    }
    std::optional<std::string> look(std::int64_t second, std::uint64_t step) {
        worker_protocol::Progress progress;
        progress.step = step;
        progress.steps_total = 10'000;
        return watch.look(job, progress, deadline_s - 1'000 + second, std::chrono::seconds(second));
    }
    statemachine::Job job;
    FinishWatch watch{{60, 25'000, 25'000}};
};

TEST_F(FinishWatchTest, DecidesOnlyOnWhatHasHeldForSomeTime) {
    EXPECT_FALSE(look(0, 0));
    EXPECT_FALSE(look(10, 10)) << "1 step/s: 9,990 s for 990 s left";
    EXPECT_FALSE(look(100, 100));
    const auto reason = look(130, 130);
    ASSERT_TRUE(reason);
    EXPECT_NE(reason->find("to decline costs 5 EMT"), std::string::npos) << *reason;
}

TEST_F(FinishWatchTest, ASlowSpellDoesNotCountAgainstTheBestSpeedSeen) {
    EXPECT_FALSE(look(0, 0));
    EXPECT_FALSE(look(10, 500)) << "50 steps/s";
    for (std::int64_t second = 20; second <= 800; second += 10) EXPECT_FALSE(look(second, 510)) << second;
}

TEST_F(FinishWatchTest, ATrainerThatWentBackToItsCheckpointIsMeasuredAnew) {
    EXPECT_FALSE(look(0, 5'000));
    EXPECT_FALSE(look(10, 5'500));
    EXPECT_FALSE(look(20, 5'100)) << "no negative speed, and none of a jump";
    for (std::int64_t second = 30; second <= 800; second += 10) EXPECT_FALSE(look(second, 5'600));
}

TEST_F(FinishWatchTest, OneStrangeBlockCostsNothing) {
    EXPECT_FALSE(watch.look(job, std::nullopt, deadline_s + 90'000, 0s));
    EXPECT_FALSE(watch.look(job, std::nullopt, deadline_s - 900, 100s));
    EXPECT_FALSE(watch.look(job, std::nullopt, deadline_s + 90'000, 200s));
}

TEST_F(FinishWatchTest, WithoutAMeasuredSpeedOnlyTheDeadlineDecides) {
    EXPECT_FALSE(watch.look(job, std::nullopt, deadline_s - 1, 0s));
    EXPECT_FALSE(watch.look(job, std::nullopt, deadline_s - 1, 500s));
    EXPECT_FALSE(watch.look(job, std::nullopt, deadline_s + 61, 600s));
    EXPECT_TRUE(watch.look(job, std::nullopt, deadline_s + 181, 720s));
}

}  // namespace
}  // namespace emeth::test
