#include "chain/chain_clock.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "complete.hpp"
#include "ledger_chain.hpp"
#include "unit/runtime/stepped_clock.hpp"

namespace emeth::chain::test {
namespace {

class ChainClockTest : public testing::Test {
protected:
    std::int64_t now() { return complete(io, chain_clock.now_unix_s()).value(); }

    asio::io_context io;
    LedgerChain chain;
    emeth::test::SteppedClock clock;
    ChainClock chain_clock{chain, clock};
};

TEST_F(ChainClockTest, AddsMonotonicTimeToTheLatestBlocks) {
    EXPECT_FALSE(chain_clock.estimate_unix_s());
    EXPECT_EQ(now(), 1'700'000'000);
    clock.advance(Milliseconds(90'500));
    EXPECT_EQ(chain_clock.estimate_unix_s(), 1'700'000'090);
    EXPECT_EQ(now(), 1'700'000'090) << "the same block again does not turn time back";
}

TEST_F(ChainClockTest, IsSetByEachNewBlock) {
    now();
    chain.block_time_s = 3'600;
    chain.mine_empty(1);
    clock.advance(Milliseconds(5'000));
    EXPECT_EQ(now(), 1'700'003'600);
    clock.advance(Milliseconds(1'000));
    EXPECT_EQ(chain_clock.estimate_unix_s(), 1'700'003'601);
}

TEST_F(ChainClockTest, AsksTheChainSeldom) {
    now();
    const std::uint64_t calls = chain.calls;
    for (int i = 0; i < 19; ++i) {
        clock.advance(Milliseconds(100));
        now();
    }
    EXPECT_EQ(chain.calls, calls);
    clock.advance(Milliseconds(100));
    now();
    EXPECT_EQ(chain.calls, calls + 1);
}

TEST_F(ChainClockTest, GoesOnDuringAnOutageOnceItWasSet) {
    chain.outage = transient_error("endpoint is down");
    EXPECT_EQ(complete(io, chain_clock.now_unix_s()).error(), *chain.outage);
    chain.outage.reset();
    now();
    chain.outage = transient_error("endpoint is down");
    clock.advance(Milliseconds(60'000));
    EXPECT_EQ(now(), 1'700'000'060);
}

}  // namespace
}  // namespace emeth::chain::test
