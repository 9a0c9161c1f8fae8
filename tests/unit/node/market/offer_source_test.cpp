// When the open JOBs are taken from the contract instead of the JOB info server.
#include "node/market/offer_source.hpp"

#include <gtest/gtest.h>

#include "chain/amount.hpp"
#include "storage/store.hpp"
#include "support/fake_chain.hpp"
#include "support/io_fixture.hpp"
#include "support/temporary_folder.hpp"
#include "virtual_clock.hpp"

namespace emeth::test {
namespace {

using api_client::JobOffer;
using node::LogOffers;

std::vector<JobId> ids(const std::vector<JobOffer>& offers) {
    std::vector<JobId> found;
    for (const auto& offer : offers) found.push_back(offer.id);
    return found;
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
    node::ContractPorts ports() { return {chain, store->notes(), pool, clock}; }
    void pass(Milliseconds time) { clock.pass(io, time); }
    /// Past stale_after_s of chain time, and past the time between two comparisons.
    void pass_long() {
        chain.mine(400);
        pass(node::OfferSource::compared_every);
    }

    TemporaryFolder folder;
    FakeChain chain;
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
    chain.mine(LogOffers::blocks_back_max + 10);
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
    EXPECT_EQ(node::read_log_offers_note(*note)->jobs.open(0).size(), 1U);
    const JobId second = request(2);
    node::OfferSource direct(io.get_executor(), nullptr, ports(), chain.network.core);
    EXPECT_EQ(ids(run(direct.open_jobs()).value()), (std::vector{id, second}));
}

TEST_F(OfferSourceTest, WithoutLogsTheListOfJobsIsCompared) {
    chain.logs_failure = permanent_error("eth_getLogs is not known");
    const JobId id = request(1);
    run(source.open_jobs()).value();
    EXPECT_FALSE(source.why_direct()) << "it may just not know yet";
    pass_long();
    EXPECT_EQ(ids(run(source.open_jobs()).value()), std::vector{id});
    EXPECT_TRUE(source.why_direct());
    chain.process(id, repeated<Address>(0x33));
    pass_long();
    run(source.open_jobs()).value();
    EXPECT_FALSE(source.why_direct()) << "it has been taken";
}

TEST_F(OfferSourceTest, ANoteThatIsDamagedCostsOnlyAnotherReading) {
    ASSERT_TRUE(store->notes().set_cursor("contract_offers/" + chain.network.core.hex(), "{").has_value());
    const JobId id = request(1);
    node::OfferSource direct(io.get_executor(), nullptr, ports(), chain.network.core);
    EXPECT_EQ(ids(run(direct.open_jobs()).value()), std::vector{id});
}

}  // namespace
}  // namespace emeth::test
