// What is said of locked deposits when a master ends.
#include "node/snapshot/parting_words.hpp"

#include <gmock/gmock.h>

#include "chain/amount.hpp"
#include "support/job_events.hpp"

namespace emeth::test {
namespace {

using node::JobSnapshot;
using node::Snapshot;
using statemachine::State;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::int64_t noon = 1'800'014'400;  // 2027-01-15 12:00:00 UTC

JobSnapshot& add(Snapshot& snapshot, State state, std::uint64_t id, std::int64_t deadline_unix_s) {
    JobSnapshot job;
    job.id = numbered<JobId>(id);
    job.state = state;
    job.deposit = chain::parse_coins("20").value();
    job.deadline_unix_s = deadline_unix_s;
    snapshot.locked = chain::saturating_sum(snapshot.locked, job.deposit);
    snapshot.jobs.push_back(job);
    return snapshot.jobs.back();
}

TEST(PartingWords, WithoutADepositThereIsNoHurry) {
    Snapshot snapshot;
    EXPECT_EQ(parting_words(snapshot), "no deposit is locked");
    add(snapshot, State::discovered, 1, noon).deposit = {};
    EXPECT_EQ(parting_words(snapshot), "no deposit is locked");
}

TEST(PartingWords, ADepositThatIsOnItsWayIsNotNothing) {
    Snapshot snapshot;
    JobSnapshot& job = add(snapshot, State::discovered, 1, noon);
    job.deposit = {};
    job.deposit_in_flight = chain::parse_coins("20").value();
    EXPECT_THAT(parting_words(snapshot), HasSubstr("20 EMT stay locked in 1 JOB: start the master again at once"));
}

TEST(PartingWords, TheNodeMustBeBackWhenTheRestStillFitsBeforeTheFirstDeadline) {
    Snapshot snapshot;
    add(snapshot, State::training, 1, noon + 3'600).finish_estimate_s = 600;
    add(snapshot, State::training, 2, noon + 7'200).finish_estimate_s = 7'200;
    add(snapshot, State::submitted, 3, noon - 1);
    EXPECT_THAT(parting_words(snapshot),
                HasSubstr("60 EMT stay locked in 3 JOBs: start the master again before 2027-01-15 12:00:00 UTC"));
    EXPECT_THAT(parting_words(snapshot), HasSubstr("deadline 2027-01-15 14:00:00 UTC, it needs 2 h 0 min more"));
}

TEST(PartingWords, ARestThatNobodyKnowsIsNotTakenForNothing) {
    Snapshot snapshot;
    add(snapshot, State::accepted, 1, noon);
    add(snapshot, State::training, 2, noon - 3'600).finish_estimate_s = 60;
    EXPECT_THAT(parting_words(snapshot), HasSubstr("start the master again at once (JOB 0x00000000…: deadline"));
    EXPECT_THAT(parting_words(snapshot), HasSubstr("cannot be estimated"));
    EXPECT_THAT(parting_words(snapshot), Not(HasSubstr("before")));
}

TEST(PartingWords, WhatIsSubmittedMayStillHaveToBeShown) {
    Snapshot snapshot;
    add(snapshot, State::submitted, 1, noon);
    EXPECT_THAT(parting_words(snapshot), HasSubstr("evidence"));
    EXPECT_THAT(parting_words(snapshot), Not(HasSubstr("before")));
}

}  // namespace
}  // namespace emeth::test
