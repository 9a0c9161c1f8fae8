// Looking at what verified JOBs were paid, over a faked chain and a real store.
#include "node/market/payout_watch.hpp"

#include <gtest/gtest.h>

#include "chain/amount.hpp"
#include "node_world.hpp"
#include "support/io_fixture.hpp"

namespace emeth::test {
namespace {

using node::PayoutWatch;

/// An endpoint that keeps no logs of old blocks.
class ForgetfulChain final : public FakeChain {
public:
    std::uint64_t logs_from = 0;
    bool hides_receipts = false;
    int log_queries = 0, settlements_read = 0;

    Task<Result<std::vector<chain::StatusLog>>> all_status_logs(std::uint64_t from_block,
                                                                std::uint64_t to_block) override {
        ++log_queries;
        if (from_block < logs_from) co_return transient_error("pruned");
        co_return co_await FakeChain::all_status_logs(from_block, to_block);
    }
    Task<Result<chain::Settlement>> settlement(Hash256 hash, Address node) override {
        ++settlements_read;
        if (hides_receipts) co_return transient_error("transaction is in no block");
        co_return co_await FakeChain::settlement(hash, node);
    }
};

class PayoutWatchTest : public IoFixture {
protected:
    /// A JOB that a node has done, with a fee and a deposit of 20 EMT; `paid`: none leaves it to the rules.
    void verified_job(std::uint8_t number, const Address& node, std::optional<std::string> paid) {
        const auto id = repeated<JobId>(number);
        chain.request(id, repeated<Address>(0x22), "text", "{}", chain::parse_coins("20").value(), 1'800'000'000);
        chain.process(id, node);
        chain.submit(id, "result");
        chain.verify(id, 5);
        if (!paid) return;
        const Hash256 verdict = run(chain.status_logs(id, 0)).value().back().transaction;
        chain.settlements[verdict] = {chain::parse_coins(*paid).value(), std::nullopt};
    }
    std::optional<node::Payout> worst() { return run(watch->worst()).value(); }
    std::unique_ptr<PayoutWatch> make_watch() {
        return std::make_unique<PayoutWatch>(io.get_executor(), PayoutWatch::Ports{chain, store->notes(), pool, clock},
                                             PayoutWatch::Options{self, chain.network, Wei{}});
    }

    const Address self = repeated<Address>(0x77), other = repeated<Address>(0x33);
    TemporaryFolder folder;
    VirtualClock clock{io.get_executor()};
    ForgetfulChain chain;
    BlockingPool pool{0};
    std::unique_ptr<storage::NodeStore> store =
        storage::NodeStore::open(folder / "store", storage::OpenMode::read_write).value();
    std::unique_ptr<PayoutWatch> watch = make_watch();
};

TEST_F(PayoutWatchTest, WhereNothingWasVerifiedNothingIsKnown) {
    EXPECT_FALSE(worst());
}

TEST_F(PayoutWatchTest, PaidByTheRulesIsFine) {
    verified_job(1, other, std::nullopt);
    verified_job(2, self, std::nullopt);
    EXPECT_FALSE(worst());
}

/// Before this node has lost anything.
TEST_F(PayoutWatchTest, WhatOthersWerePaidIsSeenFirst) {
    verified_job(1, other, "10");
    const auto found = worst();
    ASSERT_TRUE(found);
    EXPECT_EQ(found->job, repeated<JobId>(1));
    EXPECT_EQ(found->paid, chain::parse_coins("10").value());
    EXPECT_EQ(found->due, chain::parse_coins("30").value());
}

TEST_F(PayoutWatchTest, OwnVerdictsAreSeenAtOnce) {
    for (std::uint8_t number = 1; number < 5; ++number) verified_job(number, other, std::nullopt);
    EXPECT_FALSE(worst());
    verified_job(6, self, "10");
    ASSERT_TRUE(worst());
    EXPECT_EQ(worst()->job, repeated<JobId>(6));
}

TEST_F(PayoutWatchTest, OthersAreLookedAtAgainHourly) {
    for (std::uint8_t number = 1; number < 5; ++number) verified_job(number, other, std::nullopt);
    EXPECT_FALSE(worst());
    const int read_before = chain.settlements_read;
    verified_job(6, other, "10");
    EXPECT_FALSE(worst());
    chain.mine(3 * PayoutWatch::newest_blocks);
    EXPECT_FALSE(worst()) << "own verdicts alone were looked for in all of these blocks";
    EXPECT_EQ(chain.settlements_read, read_before) << "a busy network costs no more";
    auto sleeping = clock.sleep(PayoutWatch::others_again_after);
    asio::co_spawn(io, std::move(sleeping), [](std::exception_ptr) {});
    io.restart();
    io.poll();
    clock.advance();
    chain.mine();
    EXPECT_TRUE(worst());
}

TEST_F(PayoutWatchTest, AVerdictThatDoesNotTellLeavesItToAnOlderOne) {
    verified_job(1, other, "10");
    verified_job(2, other, std::nullopt);
    chain.settlements[run(chain.status_logs(repeated<JobId>(2), 0)).value().back().transaction] = {};
    ASSERT_TRUE(worst());
    EXPECT_EQ(worst()->job, repeated<JobId>(1));
}

TEST_F(PayoutWatchTest, ThreeGoodOnesEndIt) {
    verified_job(1, other, "10");
    EXPECT_TRUE(worst());
    for (std::uint8_t number = 2; number < 4; ++number) verified_job(number, other, std::nullopt);
    EXPECT_TRUE(worst()) << "the worst of the newest counts";
    verified_job(4, other, std::nullopt);
    EXPECT_FALSE(worst());
}

TEST_F(PayoutWatchTest, IsKnownAcrossRestarts) {
    verified_job(1, self, "10");
    EXPECT_TRUE(worst());
    chain.mine(PayoutWatch::blocks_at_once);
    chain.logs_from = chain.head() - PayoutWatch::blocks_at_once / 2;  // the endpoint forgets
    chain.hides_receipts = true;
    watch = make_watch();
    for (std::uint32_t look = 0; look < PayoutWatch::failures_max; ++look) EXPECT_TRUE(run(watch->worst()).has_error());
    ASSERT_TRUE(worst());
    EXPECT_EQ(worst()->job, repeated<JobId>(1));
}

TEST_F(PayoutWatchTest, AnEndpointWithoutOldLogsKeepsNobodyFromWorking) {
    verified_job(1, other, "10");
    chain.mine(3 * PayoutWatch::blocks_at_once);
    chain.logs_from = chain.head() - PayoutWatch::blocks_at_once;
    for (std::uint32_t look = 0; look < PayoutWatch::failures_max; ++look) EXPECT_TRUE(run(watch->worst()).has_error());
    EXPECT_FALSE(worst());
    EXPECT_FALSE(worst());
}

TEST_F(PayoutWatchTest, OnlyNewBlocksAreAskedFor) {
    chain.mine(2 * PayoutWatch::blocks_at_once);
    EXPECT_FALSE(worst());
    const int queries = chain.log_queries;
    EXPECT_EQ(queries, 3);
    EXPECT_FALSE(worst());
    EXPECT_EQ(chain.log_queries, queries) << "the head is the same";
    chain.mine();
    EXPECT_FALSE(worst());
    EXPECT_EQ(chain.log_queries, queries + 1);
}

TEST_F(PayoutWatchTest, AContractThatForgetsItsDepositIsMeasuredByItsRate) {
    verified_job(1, other, "10");
    chain.jobs.at(repeated<JobId>(1)).assign.deposit = Wei{};
    ASSERT_TRUE(worst());
    EXPECT_EQ(worst()->deposit, chain::parse_coins("20").value());
}

}  // namespace
}  // namespace emeth::test
