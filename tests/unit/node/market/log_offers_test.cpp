// The open JOBs as the contract's logs tell of them.
#include "node/market/log_offers.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "chain/amount.hpp"
#include "chain/encoding/emeth_core.hpp"
#include "support/fake_chain.hpp"

namespace emeth::test {
namespace {

using api_client::JobOffer;
using node::LoggedJobs;

constexpr std::int64_t now_s = 1'700'000'000;

std::vector<JobId> ids(const std::vector<JobOffer>& offers) {
    std::vector<JobId> found;
    for (const auto& offer : offers) found.push_back(offer.id);
    return found;
}

chain::Log at(std::uint64_t block, chain::Log log) {
    log.block = block;
    log.address = FakeChain().network.core;
    return log;
}

chain::Log requested(std::uint8_t job, std::uint64_t block, std::int64_t deadline_s = now_s + 1'000) {
    return at(block, chain::request_log({repeated<Address>(0x22), repeated<JobId>(job),
                                         chain::parse_coins("20").value(), deadline_s}));
}

chain::Log taken(std::uint8_t job, std::uint64_t block) {
    return at(block, chain::status_log({repeated<JobId>(job), repeated<Address>(0x33), chain::JobStatus::processing}));
}

TEST(LoggedJobs, AJobIsOpenFromItsRequestUntilItIsTakenCancelledOrLate) {
    LoggedJobs jobs;
    jobs.add(FakeChain().network.core, {requested(1, 10), requested(2, 11), requested(3, 12), requested(4, 13, now_s)});
    EXPECT_EQ(jobs.open(now_s).size(), 3U) << "the fourth one is late";
    jobs.add(FakeChain().network.core, {taken(1, 14), at(15, chain::cancel_log({repeated<JobId>(2)}))});
    ASSERT_EQ(ids(jobs.open(now_s)), std::vector{repeated<JobId>(3)});
    EXPECT_EQ(jobs.open(now_s).front().fee, chain::parse_coins("20").value());
    EXPECT_EQ(jobs.open(now_s).front().deadline_unix_s, now_s + 1'000);
}

TEST(LoggedJobs, LogsOfAnotherContractSayNothing) {
    LoggedJobs jobs;
    chain::Log foreign = requested(1, 10);
    foreign.address = repeated<Address>(0x66);
    jobs.add(FakeChain().network.core, {foreign});
    EXPECT_TRUE(jobs.open(now_s).empty());
}

TEST(LoggedJobs, AReorganisationTakesBackWhatItsBlocksSaid) {
    LoggedJobs jobs;
    jobs.add(FakeChain().network.core, {requested(1, 10), taken(1, 12), requested(2, 12)});
    jobs.forget_from(12);
    EXPECT_EQ(ids(jobs.open(now_s)), std::vector{repeated<JobId>(1)});
    jobs.add(FakeChain().network.core, {taken(1, 12)});
    jobs.settle(12, 0);
    EXPECT_EQ(jobs.all().size(), 1U) << "it may come back yet";
    jobs.settle(13, 0);
    EXPECT_TRUE(jobs.all().empty());
}

TEST(LoggedJobs, WhatNobodyTookInTimeIsForgotten) {
    LoggedJobs jobs;
    jobs.add(FakeChain().network.core, {requested(1, 10, now_s), requested(2, 11, now_s + 1)});
    jobs.settle(0, now_s);
    EXPECT_EQ(ids(jobs.open(0)), std::vector{repeated<JobId>(2)});
}

TEST(LoggedJobs, OfTooManyThoseThatAreOverGoFirst) {
    LoggedJobs jobs;
    std::vector<chain::Log> logs;
    JobId over;
    over.bytes.fill(0xff);
    logs.push_back(at(5, chain::request_log({repeated<Address>(0x22), over, {}, now_s + 1})));
    logs.push_back(at(6, chain::cancel_log({over})));
    for (std::uint64_t i = 0; i <= LoggedJobs::jobs_max; ++i) {
        JobId id;
        for (std::size_t byte = 0; byte < 8; ++byte) id.bytes[byte] = static_cast<std::uint8_t>(i >> (8 * byte));
        logs.push_back(at(i, chain::request_log({repeated<Address>(0x22), id, {}, now_s + 1})));
    }
    jobs.add(FakeChain().network.core, logs);
    EXPECT_EQ(jobs.all().size(), LoggedJobs::jobs_max);
    EXPECT_FALSE(jobs.all().contains(over));
    EXPECT_FALSE(jobs.all().contains(JobId{})) << "the oldest of the others";
}

TEST(LoggedJobs, TheNoteIsReadBack) {
    LoggedJobs jobs;
    jobs.add(FakeChain().network.core, {requested(1, 10), requested(2, 11), taken(2, 12)});
    const auto read = node::read_log_offers_note(node::to_text({"0 12:0x00", jobs}));
    ASSERT_TRUE(read.has_value()) << read.error().message;
    EXPECT_EQ(read->cursor, "0 12:0x00");
    EXPECT_EQ(read->jobs.all(), jobs.all());
    EXPECT_TRUE(node::read_log_offers_note("{}").has_error());
}

}  // namespace
}  // namespace emeth::test
