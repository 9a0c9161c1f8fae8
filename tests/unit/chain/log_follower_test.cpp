#include "chain/log_follower.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bytes.hpp"
#include "complete.hpp"
#include "ledger_chain.hpp"

namespace emeth::chain::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class LogFollowerTest : public testing::Test {
protected:
    /// A block with one log, told apart by `mark`.
    void mine_log(std::uint8_t mark) {
        Log log;
        log.data = {mark};
        chain.emit_log(log);
        chain.mine_empty(1);
    }
    Result<LogBatch> next(LogFollower& follower) { return complete(io, follower.next()); }
    /// Takes one batch; its marks.
    std::vector<int> take(LogFollower& follower) {
        const LogBatch batch = next(follower).value();
        follower.acknowledge();
        return marks(batch);
    }
    static std::vector<int> marks(const LogBatch& batch) {
        std::vector<int> found;
        for (const Log& log : batch.logs) found.push_back(log.data.at(0));
        return found;
    }

    asio::io_context io;
    LedgerChain chain;
};

TEST_F(LogFollowerTest, GivesEachLogOnce) {
    LogFollower follower(chain, 0);
    mine_log(1);
    mine_log(2);
    EXPECT_THAT(take(follower), ElementsAre(1, 2));
    EXPECT_THAT(take(follower), ElementsAre());
    mine_log(3);
    EXPECT_THAT(take(follower), ElementsAre(3));
}

TEST_F(LogFollowerTest, StartsWhereItIsTold) {
    mine_log(1);
    mine_log(2);
    LogFollower follower(chain, 2);
    EXPECT_THAT(take(follower), ElementsAre(2));
    LogFollower ahead(chain, 100);
    EXPECT_TRUE(next(ahead)->caught_up);
    EXPECT_THAT(take(ahead), ElementsAre());
}

TEST_F(LogFollowerTest, RepeatsABatchUntilItIsAcknowledged) {
    LogFollower follower(chain, 0);
    mine_log(1);
    EXPECT_THAT(marks(*next(follower)), ElementsAre(1));
    mine_log(2);
    EXPECT_THAT(marks(*next(follower)), ElementsAre(1, 2));
    follower.acknowledge();
    EXPECT_THAT(take(follower), ElementsAre());
}

TEST_F(LogFollowerTest, ReadsBoundedRanges) {
    for (std::uint8_t i = 1; i <= 5; ++i) mine_log(i);
    LogFollower follower(chain, 1, {.range_blocks_max = 2});
    LogBatch batch = *next(follower);
    EXPECT_THAT(marks(batch), ElementsAre(1, 2));
    EXPECT_FALSE(batch.caught_up);
    follower.acknowledge();
    EXPECT_THAT(take(follower), ElementsAre(3, 4));
    batch = *next(follower);
    EXPECT_THAT(marks(batch), ElementsAre(5));
    EXPECT_TRUE(batch.caught_up);
}

TEST_F(LogFollowerTest, WaitsForConfirmations) {
    LogFollower follower(chain, 0, {.confirmations = 3});
    mine_log(1);
    mine_log(2);
    EXPECT_THAT(take(follower), ElementsAre());
    mine_log(3);
    EXPECT_THAT(take(follower), ElementsAre(1));
}

TEST_F(LogFollowerTest, ResumesFromItsCursor) {
    LogFollower follower(chain, 0);
    mine_log(1);
    take(follower);
    const std::string cursor = follower.cursor();
    mine_log(2);
    LogFollower resumed = LogFollower::resume(chain, cursor).value();
    EXPECT_EQ(resumed.cursor(), cursor);
    EXPECT_THAT(take(resumed), ElementsAre(2));
}

TEST_F(LogFollowerTest, OffersTheCursorOfABatchBeforeItIsAcknowledged) {
    LogFollower follower(chain, 0);
    mine_log(1);
    next(follower).value();
    LogFollower resumed = LogFollower::resume(chain, follower.cursor()).value();
    EXPECT_THAT(take(resumed), ElementsAre());
}

TEST_F(LogFollowerTest, SaysFromWhereTheChainWasReplaced) {
    LogFollower follower(chain, 0);
    for (std::uint8_t i = 1; i <= 4; ++i) {
        mine_log(i);
        take(follower);
    }
    chain.reorganise(2);
    mine_log(13);
    EXPECT_THAT(take(follower), ElementsAre()) << "a shorter chain may be an endpoint that lags";
    mine_log(14);
    mine_log(15);
    const LogBatch batch = *next(follower);
    EXPECT_EQ(batch.reorganised_from, 3u);
    EXPECT_THAT(marks(batch), ElementsAre(13, 14, 15));
    EXPECT_EQ(next(follower)->reorganised_from, 3u) << "until acknowledged";
    follower.acknowledge();
    EXPECT_FALSE(next(follower)->reorganised_from);
}

TEST_F(LogFollowerTest, NoticesAReorganisationThatHappenedWhileItWasDown) {
    LogFollower follower(chain, 0);
    mine_log(1);
    take(follower);
    mine_log(2);
    take(follower);
    const std::string cursor = follower.cursor();
    chain.reorganise(1);
    mine_log(12);
    LogFollower resumed = LogFollower::resume(chain, cursor).value();
    const LogBatch batch = *next(resumed);
    EXPECT_EQ(batch.reorganised_from, 2u);
    EXPECT_THAT(marks(batch), ElementsAre(12));
}

TEST_F(LogFollowerTest, StartsAgainWhenNothingItKnowsIsLeft) {
    mine_log(1);
    LogFollower follower(chain, 1);
    for (std::uint8_t i = 2; i < 100; ++i) {
        mine_log(i);
        take(follower);
    }
    EXPECT_LT(follower.cursor().size(), 64 * 80u);
    chain.reorganise(99);
    for (int i = 0; i < 100; ++i) mine_log(7);
    const LogBatch batch = *next(follower);
    EXPECT_EQ(batch.reorganised_from, 1u);
    EXPECT_EQ(batch.logs.size(), 100u);
}

TEST_F(LogFollowerTest, ChangesNothingOnAnError) {
    LogFollower follower(chain, 0);
    mine_log(1);
    chain.outage = transient_error("endpoint is down");
    EXPECT_EQ(next(follower).error(), *chain.outage);
    follower.acknowledge();
    chain.outage.reset();
    EXPECT_THAT(take(follower), ElementsAre(1));
}

/// Replaces its chain while logs are read.
class FlippingChain : public LedgerChain {
public:
    Task<Result<std::vector<Log>>> core_logs(std::uint64_t from_block, std::uint64_t to_block) override {
        reorganise(1);
        mine_empty(1);
        return LedgerChain::core_logs(from_block, to_block);
    }
};

TEST_F(LogFollowerTest, RefusesLogsOfTwoChains) {
    FlippingChain flipping;
    flipping.mine_empty(2);
    LogFollower follower(flipping, 0);
    const Result<LogBatch> batch = next(follower);
    ASSERT_FALSE(batch);
    EXPECT_EQ(batch.error().kind, ErrorKind::transient);
    EXPECT_THAT(batch.error().message, HasSubstr("reorganised"));
}

TEST_F(LogFollowerTest, RefusesDamagedCursors) {
    const std::string hash = numbered<Hash256>(1).hex();
    EXPECT_TRUE(LogFollower::resume(chain, "5"));
    EXPECT_TRUE(LogFollower::resume(chain, "5 7:" + hash + " 9:" + hash));
    for (const std::string& text :
         {std::string(), std::string("x"), std::string("-1"), "5 x:" + hash, std::string("5 7"),
          std::string("5 7:0x12"), "5 4:" + hash, "5 9:" + hash + " 7:" + hash, "5  7:" + hash}) {
        EXPECT_FALSE(LogFollower::resume(chain, text)) << text;
    }
}

}  // namespace
}  // namespace emeth::chain::test
