// What is counted of JOBs' events: changes and stays, money, bytes, failures.
#include "node/metrics/counting_job_store.hpp"

#include <gmock/gmock.h>

#include "storage/store.hpp"
#include "support/job_events.hpp"
#include "support/temporary_folder.hpp"

namespace emeth::test {
namespace {

namespace sm = statemachine;
using node::count;
using node::JobTally;
using sm::State;
using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

/// What the state machine makes of it.
sm::Job counted(JobTally& tally, const sm::Job& job, sm::EventBody body, std::int64_t at_unix_ms = 0) {
    const sm::Event event{at_unix_ms, std::move(body)};
    const sm::TransitionResult result = sm::transition(job, event);
    const auto& next = std::get<sm::Transition>(result).next;
    count(tally, job, event, next);
    return next;
}

TEST(JobTally, CountsChangesOfStateAndHowLongTheStateLasted) {
    JobTally tally;
    sm::Job job = job_in(State::submitted);
    job.entered_at_unix_ms = 1'000;
    counted(tally, job, sm::Verified{tx(9, 20), 5, 7, tokens(30)}, 91'000);
    EXPECT_THAT(tally.transitions, ElementsAre(Pair(Pair(State::submitted, State::verified), 1)));
    ASSERT_THAT(tally.stays_s, ElementsAre(Pair(State::submitted, ::testing::_)));
    EXPECT_EQ(tally.stays_s.at(State::submitted).sum(), 90);
}

TEST(JobTally, AClockThatWasSetBackMakesNoNegativeTime) {
    JobTally tally;
    sm::Job job = job_in(State::submitted);
    job.entered_at_unix_ms = 91'000;
    counted(tally, job, sm::Verified{tx(9, 20), 5, 7, std::nullopt}, 1'000);
    EXPECT_EQ(tally.stays_s.at(State::submitted).sum(), 0);
}

TEST(JobTally, AVerdictEarnsWhatItPaysBeyondTheDeposit) {
    JobTally tally;
    sm::Job job = job_in(State::submitted);
    job.deposit.deposit = tokens(20);
    counted(tally, job, sm::Verified{tx(9, 20), 5, 7, tokens(36)});
    EXPECT_THAT(tally.earned_emt, DoubleNear(16, 1e-9));
    EXPECT_EQ(tally.lost_emt, 0);
}

TEST(JobTally, AVerdictThatPaysLessThanTheDepositLoses) {
    JobTally tally;
    sm::Job job = job_in(State::submitted);
    job.deposit.deposit = tokens(20);
    counted(tally, job, sm::Verified{tx(9, 20), 5, 7, tokens(6)});
    EXPECT_EQ(tally.earned_emt, 0);
    EXPECT_THAT(tally.lost_emt, DoubleNear(14, 1e-9));
}

TEST(JobTally, APenaltyIsLostAndOneThatNobodyKnowsIsLeftOut) {
    JobTally tally;
    counted(tally, job_in(State::submitted), sm::ResultRejected{tx(9, 20), tokens(5), "damaged"});
    counted(tally, job_in(State::training), sm::TimedOut{tx(9, 20), std::nullopt, 0});
    EXPECT_THAT(tally.lost_emt, DoubleNear(5, 1e-9));
    EXPECT_EQ((tally.transitions[{State::training, State::timed_out}]), 1U) << "it is seen all the same";
}

TEST(JobTally, CountsTheBytesOfWholeFiles) {
    JobTally tally;
    std::uint64_t dataset = 0;
    sm::Job job = sm::discover({terms(1)}, 0).next;
    for (const sm::EventBody& body : straight_path()) {
        job = counted(tally, job, body);
        if (const auto* ready = std::get_if<sm::DatasetReady>(&body)) dataset += ready->bytes;
    }
    EXPECT_GT(dataset, 0U);
    EXPECT_EQ(tally.dataset_bytes, dataset);
    EXPECT_EQ(tally.artifact_bytes, job.training.artifact->bytes);
    EXPECT_EQ(tally.evidence_bytes, job.evidence.file ? job.evidence.file->bytes : 0);
}

TEST(JobTally, KnowsWhenTheLastCheckpointWasSavedForAsLongAsTheJobTrains) {
    JobTally tally;
    sm::Job job = sm::discover({terms(1)}, 0).next;
    bool is_seen = false;
    for (const sm::EventBody& body : straight_path()) {
        job = counted(tally, job, body, 5'000);
        if (std::holds_alternative<sm::CheckpointSaved>(body)) {
            is_seen = true;
            EXPECT_THAT(tally.checkpoints_unix_ms, ElementsAre(Pair(job.terms.id, 5'000)));
        }
    }
    EXPECT_TRUE(is_seen);
    EXPECT_THAT(tally.checkpoints_unix_ms, IsEmpty());
}

TEST(JobTally, CountsFailuresByTheirClass) {
    JobTally tally;
    const sm::StepFailed failed{sm::FailureClass::transient, "download", "the storage answered 503", 1, 9'000};
    counted(tally, job_in(State::downloading), failed);
    EXPECT_THAT(tally.failures, ElementsAre(Pair(sm::FailureClass::transient, 1)));
    EXPECT_THAT(tally.transitions, IsEmpty()) << "the state is the same";
}

TEST(CountingJobStore, CountsWhatIsDurableAndNothingElse) {
    const TemporaryFolder folder;
    const auto store = storage::NodeStore::open(folder / "store", storage::OpenMode::read_write).value();
    node::CountingJobStore jobs(store->jobs());
    const auto before = store->write_counts();
    const sm::Job job = jobs.create({terms(1)}, 1).value();
    EXPECT_EQ(jobs.tally().discovered, 1U);
    EXPECT_TRUE(jobs.create({terms(1)}, 1).has_error());
    EXPECT_EQ(jobs.tally().discovered, 1U) << "it is there already";

    const sm::Event out_of_place{2, sm::SubmitConfirmed{tx(9, 20)}};
    EXPECT_TRUE(jobs.apply(job, out_of_place, {}).value().rejection);
    EXPECT_THAT(jobs.tally().transitions, IsEmpty()) << "it was rejected";
    const sm::Job newest = jobs.find(job.terms.id).value().value();
    EXPECT_TRUE(jobs.apply(job, {3, sm::CanceledByRequester{}}, {}).has_error()) << "a stale record";
    EXPECT_THAT(jobs.tally().transitions, IsEmpty());
    EXPECT_FALSE(jobs.apply(newest, {3, sm::CanceledByRequester{}}, {}).value().rejection);
    EXPECT_THAT(jobs.tally().transitions, ElementsAre(Pair(Pair(State::discovered, State::canceled), 1)));
    EXPECT_EQ(store->write_counts().synced - before.synced, 3U) << "created, rejected, canceled";
    EXPECT_EQ(store->write_counts().failed, 0U);
    EXPECT_FALSE(store->check_writable().has_error());
}

}  // namespace
}  // namespace emeth::test
