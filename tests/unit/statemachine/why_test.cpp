#include "unit/statemachine/check.hpp"

namespace emeth::statemachine {
namespace {

TEST(Why, NamesStepCauseAndWait) {
    const Job job = after(straight(lease_granted),
                          StepFailed{FailureClass::transient, "download", "storage answered 503", 3, 142'000});
    EXPECT_EQ(why(job, 100'000), "waiting 42 s to retry the download: storage answered 503, attempt 3");
    EXPECT_EQ(why(job, 141'999), "waiting 1 s to retry the download: storage answered 503, attempt 3");
    EXPECT_EQ(why(job, 142'000), "about to retry the download: storage answered 503, attempt 3");
}

TEST(Why, SaysThatAJobCrashesTheProcess) {
    const StepFailed crashed{FailureClass::bug, "upload", "the master ended itself by signal 11 (SIGSEGV)", 2,
                             1'900'000};
    const Job once = after(straight(training_finished), crashed);
    EXPECT_EQ(why(once, 100'000),
              "waiting 30 min to retry the upload: the master ended itself by signal 11 (SIGSEGV), attempt 2");
    EXPECT_EQ(why(after(once, crashed), 100'000),
              "waiting 30 min to retry the upload: the master ended itself by signal 11 (SIGSEGV), attempt 2, 2 "
              "crashes in a row");
}

TEST(Why, LongWaitsReadAsHours) {
    const Job job = after(straight(lease_granted), StepFailed{FailureClass::transient, "download", "x", 1, 20'400'000});
    EXPECT_EQ(why(job, 0), "waiting 5 h 40 min to retry the download: x, attempt 1");
    EXPECT_EQ(why(job, 20'400'000 - 180'000), "waiting 3 min to retry the download: x, attempt 1");
}

TEST(Why, SpeaksInEverySituation) {
    for (std::size_t steps = 0; steps <= test::straight_path().size(); ++steps) {
        const std::string reason = why(straight(steps), 0);
        EXPECT_GT(reason.size(), 10U);
        EXPECT_EQ(reason.find('\n'), std::string::npos);
    }
    EXPECT_EQ(why(straight(0), 0), "chosen for a fee of 30 EMT; about to lock the deposit");
    EXPECT_EQ(why(straight(process_confirmed), 0), "deposit of 30 EMT locked; waiting for an idle worker");
    EXPECT_EQ(why(straight(checkpoint_saved), 0),
              "worker 0x00000000… trains under lease 1: step 300 of 600 saved, loss 3.2500");
    EXPECT_EQ(why(test::job_in(State::verified), 0), "verified: 582 gas in slot 20415");
}

}  // namespace
}  // namespace emeth::statemachine
