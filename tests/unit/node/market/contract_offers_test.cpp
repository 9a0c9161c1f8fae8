// The open JOBs as the contract's logs tell of them, and when they are taken from there.
#include "node/market/contract_offers.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "chain/amount.hpp"
#include "chain/encoding/emeth_core.hpp"
#include "node/market/offer_source.hpp"
#include "node_world.hpp"
#include "support/io_fixture.hpp"

namespace emeth::test {
namespace {

using api_client::JobOffer;
using node::ContractOffers;
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
    const auto read = node::read_contract_offers_note(node::to_text({"0 12:0x00", jobs}));
    ASSERT_TRUE(read.has_value()) << read.error().message;
    EXPECT_EQ(read->cursor, "0 12:0x00");
    EXPECT_EQ(read->jobs.all(), jobs.all());
    EXPECT_TRUE(node::read_contract_offers_note("{}").has_error());
}

class ListServer final : public api_client::InfoServer {
public:
    Result<std::vector<JobOffer>> answer = std::vector<JobOffer>{};
    Task<Result<std::vector<JobOffer>>> open_jobs() override { co_return answer; }
};

class OfferSourceTest : public IoFixture {
protected:
    JobId request(std::uint8_t number) {
        const auto id = repeated<JobId>(number);
        chain.request(id, repeated<Address>(0x22), "text", "{}", chain::parse_coins("20").value(),
                      1'700'000'000 + 86'400);
        return id;
    }
    node::ContractOffers::Ports ports() { return {chain, store->notes(), pool, clock}; }
    void pass(Milliseconds time) { clock.pass(io, time); }
    /// Past stale_after_s of chain time, and past the time between two comparisons.
    void pass_long() {
        chain.mine(400);
        pass(node::OfferSource::compared_every);
    }

    TemporaryFolder folder;
    ExecutingChain chain;
    VirtualClock clock{io.get_executor()};
    BlockingPool pool{0};
    std::unique_ptr<storage::NodeStore> store =
        storage::NodeStore::open(folder / "store", storage::OpenMode::read_write).value();
    ListServer server;
    node::OfferSource source{io.get_executor(), &server, ports(), chain.network.core};
};

TEST_F(OfferSourceTest, WithoutAServerTheContractIsRead) {
    node::OfferSource direct(io.get_executor(), nullptr, ports(), chain.network.core);
    const JobId first = request(1), second = request(2);
    EXPECT_EQ(ids(run(direct.open_jobs()).value()), (std::vector{first, second}));
    chain.process(first, repeated<Address>(0x33));
    EXPECT_EQ(ids(run(direct.open_jobs()).value()), std::vector{second});
    EXPECT_EQ(direct.why_direct(), "no info_server_url is set");
}

TEST_F(OfferSourceTest, AServerThatAnswersIsBelieved) {
    request(1);
    EXPECT_TRUE(run(source.open_jobs()).value().empty()) << "it may just not know yet";
    EXPECT_FALSE(source.why_direct());
}

TEST_F(OfferSourceTest, WhileTheServerIsDownTheContractIsRead) {
    const JobId id = request(1);
    server.answer = transient_error("HTTP 503");
    EXPECT_EQ(ids(run(source.open_jobs()).value()), std::vector{id});
    EXPECT_EQ(source.why_direct(), "HTTP 503");
    server.answer = std::vector<JobOffer>{{repeated<JobId>(7), {}, 0, 0}};
    EXPECT_EQ(ids(run(source.open_jobs()).value()), std::vector{repeated<JobId>(7)}) << "it is back";
}

TEST_F(OfferSourceTest, AStaleServerIsLeftUntilItKnowsTheJobs) {
    run(source.open_jobs()).value();
    const JobId id = request(1);
    pass_long();
    run(source.open_jobs()).value();
    pass_long();
    EXPECT_EQ(ids(run(source.open_jobs()).value()), std::vector{id});
    ASSERT_TRUE(source.why_direct());
    EXPECT_EQ(*source.why_direct(),
              "the JOB info server does not list 1 open JOBs that were requested more than 300 s ago");
    server.answer = std::vector<JobOffer>{{id, {}, 0, 0}};
    EXPECT_EQ(run(source.open_jobs()).value().size(), 1U);
    EXPECT_FALSE(source.why_direct()) << "at once, not at the next comparison";
}

/// One JOB that a server does not list must not hide those that only it lists.
TEST_F(OfferSourceTest, WhatAStaleServerListsCountsToo) {
    run(source.open_jobs()).value();
    const JobId id = request(1);
    const JobOffer known{repeated<JobId>(7), {}, 5'000, 1'700'000'000};
    server.answer = std::vector<JobOffer>{known};
    pass_long();
    run(source.open_jobs()).value();
    pass_long();
    EXPECT_EQ(ids(run(source.open_jobs()).value()), (std::vector{known.id, id}));
}

TEST_F(OfferSourceTest, LogsThatCannotBeReadSayNothingAgainstTheServer) {
    server.answer = std::vector<JobOffer>{{repeated<JobId>(7), {}, 0, 0}};
    chain.failure = transient_error("eth_getLogs: limit exceeded");
    EXPECT_EQ(run(source.open_jobs()).value().size(), 1U);
    EXPECT_FALSE(source.why_direct());
    server.answer = transient_error("HTTP 503");
    const auto neither = run(source.open_jobs());
    ASSERT_TRUE(neither.has_error());
    EXPECT_EQ(neither.error().message, "HTTP 503; nor can the contract be read: eth_getLogs: limit exceeded");
}

TEST_F(OfferSourceTest, AReorganisationBringsAJobBack) {
    node::OfferSource direct(io.get_executor(), nullptr, ports(), chain.network.core);
    const JobId id = request(1);
    run(direct.open_jobs()).value();
    chain.process(id, repeated<Address>(0x33));
    EXPECT_TRUE(run(direct.open_jobs()).value().empty());
    chain.reorganise(1, 2);
    EXPECT_EQ(ids(run(direct.open_jobs()).value()), std::vector{id});
}

TEST_F(OfferSourceTest, AfterALongTimeWithoutALookOnlyTheNewestBlocksAreRead) {
    node::OfferSource direct(io.get_executor(), nullptr, ports(), chain.network.core);
    const JobId old = request(1);
    EXPECT_EQ(ids(run(direct.open_jobs()).value()), std::vector{old});
    chain.mine(ContractOffers::blocks_back_max + 10);
    const JobId fresh = request(2);
    EXPECT_EQ(ids(run(direct.open_jobs()).value()), std::vector{fresh});
}

TEST_F(OfferSourceTest, AfterARestartTheLogsGoOnWhereTheyWereLeft) {
    const JobId id = request(1);
    {
        node::OfferSource direct(io.get_executor(), nullptr, ports(), chain.network.core);
        EXPECT_EQ(run(direct.open_jobs()).value().size(), 1U);
    }
    const auto note = store->notes().cursor("contract_offers/" + chain.network.core.hex()).value();
    ASSERT_TRUE(note);
    EXPECT_EQ(node::read_contract_offers_note(*note)->jobs.open(0).size(), 1U);
    const JobId second = request(2);
    node::OfferSource direct(io.get_executor(), nullptr, ports(), chain.network.core);
    EXPECT_EQ(ids(run(direct.open_jobs()).value()), (std::vector{id, second}));
}

TEST_F(OfferSourceTest, ANoteThatIsDamagedCostsOnlyAnotherReading) {
    ASSERT_TRUE(store->notes().set_cursor("contract_offers/" + chain.network.core.hex(), "{").has_value());
    const JobId id = request(1);
    node::OfferSource direct(io.get_executor(), nullptr, ports(), chain.network.core);
    EXPECT_EQ(ids(run(direct.open_jobs()).value()), std::vector{id});
}

}  // namespace
}  // namespace emeth::test
