// What a node's own JOBs tell of the next one, against values that were computed by hand.
#include "node/market/track_record.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "chain/amount.hpp"
#include "node/market/track_book.hpp"
#include "node_world.hpp"
#include "support/io_fixture.hpp"
#include "support/job_events.hpp"

namespace emeth::test {
namespace {

using node::EndedJob;
using node::TrackRecord;
using Result = node::EndedJob::Result;

constexpr node::Chance one_percent = 1'000;
constexpr std::int64_t now_s = 1'700'000'000, day_s = 86'400;

/// Twenty JOBs: half took 0.9 of their estimates, half 1.1, so that the mean is 1 and the deviation 0.1.
TrackRecord twenty_jobs() {
    TrackRecord record;
    for (int i = 0; i < 20; ++i) node::add(record, {now_s - 60, Result::verified, i % 2 == 0 ? 0.9 : 1.1});
    return record;
}

node::Chance missed(const TrackRecord& record, std::int64_t estimate_s, std::int64_t left_s) {
    return node::chance_to_miss(record, now_s, estimate_s, left_s, one_percent);
}

TEST(TrackRecord, WithoutAnyJobTheSettingsStand) {
    EXPECT_EQ(missed({}, 3'600, 3'601), one_percent);
    EXPECT_EQ(node::chance_of_rejection({}, now_s, one_percent), one_percent);
}

/// The example of the header: (20 · 0.01 + 20 · (1 − Φ(2))) / 40 = (0.2 + 20 · 0.0227501) / 40 = 1.63751%.
TEST(TrackRecord, AMarginOfTwoDeviationsIsMissedAsTheNormalDistributionSays) {
    EXPECT_EQ(missed(twenty_jobs(), 10'000, 12'000), 1'638U);
}

/// Φ(0) = 1/2: (0.2 + 10) / 40 = 25.5%. Far beyond: (0.2 + 20) / 40 = 50.5%; far before: 0.2 / 40 = 0.5%.
TEST(TrackRecord, TheChanceGrowsAsTheMarginShrinks) {
    EXPECT_EQ(missed(twenty_jobs(), 10'000, 10'000), 25'500U);
    EXPECT_EQ(missed(twenty_jobs(), 10'000, 1'000), 50'500U);
    EXPECT_EQ(missed(twenty_jobs(), 10'000, 100'000), 500U);
    EXPECT_EQ(missed(twenty_jobs(), 0, 0), 50'500U) << "any numbers";
}

/// One JOB has no spread of its own: 5% of its ratio is assumed, so 1.1 is two deviations from 1:
/// (0.2 + 0.0227501) / 21 = 1.06072%.
TEST(TrackRecord, NobodyIsSteadierThanTheLeastDeviation) {
    TrackRecord record;
    node::add(record, {now_s, Result::verified, 1});
    EXPECT_EQ(missed(record, 10'000, 11'000), 1'061U);
}

/// (0.2 + 5) / (20 + 5) = 20.8%, however wide the margin; with the twenty of above (0.2 + 5) / 45 = 11.5556%.
TEST(TrackRecord, WhatWasMissedCountsWithoutATime) {
    TrackRecord record;
    for (int i = 0; i < 5; ++i) node::add(record, {now_s, Result::missed, 0});
    EXPECT_EQ(missed(record, 10'000, 1'000'000), 20'800U);
    TrackRecord both = twenty_jobs();
    both.jobs.insert(both.jobs.end(), record.jobs.begin(), record.jobs.end());
    EXPECT_EQ(missed(both, 10'000, 1'000'000), 11'556U);
}

/// (20 · 0.01 + 1) / (20 + 20) = 3%.
TEST(TrackRecord, RejectionsCountBesideWhatIsAssumed) {
    TrackRecord record = twenty_jobs();
    record.jobs.back().result = Result::rejected;
    EXPECT_EQ(node::chance_of_rejection(record, now_s, one_percent), 3'000U);
}

/// A worker that was broken would keep the node from ever taking a JOB again.
TEST(TrackRecord, WhatIsLongAgoCountsNoMore) {
    TrackRecord record;
    for (std::size_t i = 0; i < TrackRecord::jobs_max; ++i) node::add(record, {now_s, Result::rejected, 1.5});
    EXPECT_GT(node::chance_of_rejection(record, now_s + 7 * day_s, one_percent), 70'000U);
    EXPECT_EQ(node::chance_of_rejection(record, now_s + 7 * day_s + 1, one_percent), one_percent);
    EXPECT_EQ(node::chance_to_miss(record, now_s + 8 * day_s, 100, 100, one_percent), one_percent);
}

TEST(TrackRecord, TheOldestMakesRoom) {
    TrackRecord record;
    for (std::size_t i = 0; i <= TrackRecord::jobs_max; ++i)
        node::add(record, {static_cast<std::int64_t>(i), Result::verified, 1});
    EXPECT_EQ(record.jobs.size(), TrackRecord::jobs_max);
    EXPECT_EQ(record.jobs.front().ended_at_unix_s, 1);
    for (const double no_ratio : {-1.0, std::numeric_limits<double>::infinity()}) {
        node::add(record, {0, Result::verified, no_ratio});
        EXPECT_EQ(record.jobs.back().finish_ratio, 0);
    }
}

TEST(TrackRecord, ItsNoteIsReadBack) {
    TrackRecord record = twenty_jobs();
    node::add(record, {now_s, Result::missed, 0});
    node::add(record, {now_s, Result::rejected, 1.25});
    EXPECT_EQ(node::read_track_record(node::to_text(record)).value(), record);
    for (const char* damaged : {"{", "{}", R"({"jobs":[{"ended":1,"result":"lucky","ratio":1}]})"})
        EXPECT_TRUE(node::read_track_record(damaged).has_error()) << damaged;
}

storage::HistoryEntry entry(std::int64_t at_unix_ms, statemachine::EventBody body) {
    storage::HistoryEntry made;
    made.event = {at_unix_ms, std::move(body)};
    return made;
}

TEST(SecondsTaken, GoFromTheFirstLeaseToTheLastConfirmedSubmit) {
    const std::vector<storage::HistoryEntry> history{
        entry(1'000, statemachine::LeaseGranted{}), entry(5'000, statemachine::LeaseGranted{}),
        entry(61'000, statemachine::SubmitConfirmed{}), entry(91'000, statemachine::SubmitConfirmed{})};
    EXPECT_EQ(node::seconds_taken(history), 90);
    EXPECT_EQ(node::seconds_taken({history.front()}), std::nullopt);
    EXPECT_EQ(node::seconds_taken({}), std::nullopt);
}

TEST(ResultOf, AJobThatWasLostToTheClockWasMissed) {
    statemachine::Job ended;
    ended.deposit.deposit = chain::parse_coins("20").value();
    ended.state = statemachine::State::verified;
    EXPECT_EQ(node::result_of(ended), Result::verified);
    ended.state = statemachine::State::failed;
    EXPECT_EQ(node::result_of(ended), Result::rejected);
    ended.state = statemachine::State::timed_out;
    EXPECT_EQ(node::result_of(ended), Result::missed);
    ended.state = statemachine::State::declined;
    ended.outcome.decline_reason = "finishing is out of reach";
    EXPECT_EQ(node::result_of(ended), Result::missed);
    ended.outcome.decline_reason = node::declined_by_operator;
    EXPECT_EQ(node::result_of(ended), std::nullopt) << "that says nothing about the workers";
    ended = {};
    ended.state = statemachine::State::skipped;
    EXPECT_EQ(node::result_of(ended), std::nullopt);
}

class TrackBookTest : public IoFixture {
protected:
    /// A JOB that went the straight way in a real store, a minute for each step.
    statemachine::Job ended_job() {
        std::int64_t at_unix_ms = VirtualClock::start_unix_ms;
        auto job = store->jobs().create({terms(1)}, at_unix_ms).value();
        for (const auto& body : straight_path())
            job = store->jobs().apply(job, {at_unix_ms += 60'000, body}).value().job;
        return job;
    }
    node::TrackBook book() {
        return {io.get_executor(), {store->jobs(), store->notes(), hub, pool, clock, random}, {}};
    }

    TemporaryFolder folder;
    VirtualClock clock{io.get_executor()};
    FakeHub hub{io.get_executor(), clock};
    BlockingPool pool{0};
    HalfwayRandom random;
    std::unique_ptr<storage::NodeStore> store =
        storage::NodeStore::open(folder / "store", storage::OpenMode::read_write).value();
};

TEST_F(TrackBookTest, NotesEachJobThatEndsAndReadsItAgain) {
    const statemachine::Job job = ended_job();
    hub.add_worker(job.lease.worker);
    node::TrackBook first = book();
    {
        Background running(io, first.run());
        first.ended(job);
        statemachine::Job rejected = job;
        rejected.state = statemachine::State::failed;
        first.ended(rejected);
        io.restart();
        io.poll();
    }
    ASSERT_EQ(first.record().jobs.size(), 2U);
    EXPECT_EQ(first.record().jobs[0].result, Result::verified);
    EXPECT_GT(first.record().jobs[0].finish_ratio, 0);
    EXPECT_EQ(first.record().jobs[1].result, Result::rejected);
    node::TrackBook second = book();
    {
        Background running(io, second.run());
        io.restart();
        io.poll();
    }
    EXPECT_EQ(second.record(), first.record());
}

TEST_F(TrackBookTest, AJobWithoutADepositTellsNothing) {
    statemachine::Job job = ended_job();
    job.deposit.deposit = Wei{};
    node::TrackBook tested = book();
    Background running(io, tested.run());
    tested.ended(job);
    io.restart();
    io.poll();
    EXPECT_EQ(tested.record(), TrackRecord{});
}

TEST_F(TrackBookTest, ADamagedNoteBeginsAnew) {
    ASSERT_TRUE(store->notes().set_cursor(node::TrackBook::cursor, "{").has_value());
    node::TrackBook tested = book();
    Background running(io, tested.run());
    tested.ended(ended_job());
    io.restart();
    io.poll();
    EXPECT_EQ(tested.record().jobs.size(), 1U);
}

}  // namespace
}  // namespace emeth::test
