// One computation for all who ask within its lifetime.
#include "runtime/brief_cache.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <vector>

#include "unit/runtime/run_task.hpp"
#include "unit/runtime/stepped_clock.hpp"

namespace emeth {
namespace {

using test::settle;
using test::Started;
using test::SteppedClock;

class BriefCacheTest : public ::testing::Test {
protected:
    /// Takes 100 ms.
    Task<int> compute() {
        const int number = ++computed;
        co_await clock.sleep(Milliseconds(100));
        if (fails) throw std::runtime_error("no disk");
        co_return number;
    }
    std::unique_ptr<Started<int>> ask() {
        auto asked = std::make_unique<Started<int>>(io, cache.get());
        settle(io);
        return asked;
    }
    void pass(Milliseconds time) {
        clock.advance(time);
        settle(io);
    }

    asio::io_context io{1};
    SteppedClock clock;
    int computed = 0;
    bool fails = false;
    BriefCache<int> cache{[this] { return compute(); }, clock};
};

TEST_F(BriefCacheTest, WhoAsksMeanwhileSharesTheAnswer) {
    std::vector<std::unique_ptr<Started<int>>> askers;
    for (int i = 0; i < 10; ++i) askers.push_back(ask());
    EXPECT_EQ(computed, 1);
    pass(Milliseconds(100));
    for (auto& asker : askers) EXPECT_EQ(asker->result(), 1);
    EXPECT_EQ(computed, 1);
}

TEST_F(BriefCacheTest, WhatIsOldIsComputedAnew) {
    const auto first = ask();
    pass(Milliseconds(100));
    EXPECT_EQ(first->result(), 1);
    pass(BriefCache<int>::usual_lifetime - Milliseconds(1));
    EXPECT_EQ(ask()->result(), 1);
    pass(Milliseconds(1));
    const auto second = ask();
    pass(Milliseconds(100));
    EXPECT_EQ(second->result(), 2);
}

TEST_F(BriefCacheTest, AFailureIsNotKept) {
    fails = true;
    const auto first = ask();
    const auto second = ask();
    pass(Milliseconds(100));
    EXPECT_THROW(first->result(), std::runtime_error);
    fails = false;
    pass(Milliseconds(100));
    EXPECT_EQ(second->result(), 2);
}

}  // namespace
}  // namespace emeth
