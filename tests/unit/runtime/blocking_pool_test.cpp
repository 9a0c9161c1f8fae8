#include "runtime/blocking_pool.hpp"

#include <gtest/gtest.h>

#include <boost/asio/post.hpp>
#include <boost/system/system_error.hpp>
#include <latch>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

#include "unit/runtime/run_task.hpp"

namespace emeth {
namespace {

using test::run_task;
using test::Started;

struct Where {
    std::thread::id work, caller;
};

Task<Where> where(BlockingPool* pool) {
    Where where;
    where.work = co_await pool->run([] { return std::this_thread::get_id(); });
    where.caller = std::this_thread::get_id();
    co_return where;
}

TEST(BlockingPool, WorksElsewhereAndResumesTheCallerAtHome) {
    asio::io_context io;
    BlockingPool pool(2);
    const Where result = run_task(io, where(&pool));
    EXPECT_NE(result.work, std::this_thread::get_id());
    EXPECT_EQ(result.caller, std::this_thread::get_id());
}

TEST(BlockingPool, WithoutThreadsWorksInline) {
    asio::io_context io;
    BlockingPool pool(0);
    EXPECT_EQ(run_task(io, where(&pool)).work, std::this_thread::get_id());
}

TEST(BlockingPool, MovesWorkAndResultThatCannotBeCopied) {
    asio::io_context io;
    BlockingPool pool(1);
    auto work = [text = std::make_unique<std::string>("moved")]() mutable { return std::move(text); };
    EXPECT_EQ(*run_task(io, pool.run(std::move(work))), "moved");
}

TEST(BlockingPool, ExceptionReachesTheCaller) {
    asio::io_context io;
    BlockingPool pool(1);
    auto work = [] { throw std::runtime_error("the disk is full"); };
    EXPECT_THROW(run_task(io, pool.run(work)), std::runtime_error);
}

struct Commit {
    std::latch began{1}, may_end{1};
    bool outcome_known = false, went_on = false;
};

Task<> commit(BlockingPool* pool, Commit* commit) {
    auto work = [commit] {
        commit->began.count_down();
        commit->may_end.wait();
        return true;
    };
    commit->outcome_known = co_await pool->run(work);
    co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
    commit->went_on = true;
}

TEST(BlockingPool, CancelledWaiterStillLearnsTheOutcomeAndIsCancelledAfterwards) {
    asio::io_context io;
    BlockingPool pool(1);
    Commit state;
    Started<void> started(io, commit(&pool, &state));
    io.poll();
    state.began.wait();
    started.cancel();
    io.restart();
    io.poll();
    EXPECT_FALSE(started.ended());
    state.may_end.count_down();
    io.restart();
    io.run();
    EXPECT_TRUE(state.outcome_known);
    EXPECT_FALSE(state.went_on);
    EXPECT_THROW(started.result(), boost::system::system_error);
}

}  // namespace
}  // namespace emeth
