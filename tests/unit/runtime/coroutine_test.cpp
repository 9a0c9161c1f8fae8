// TaskGroup, AsyncMutex, race and with_timeout, on a clock that the test moves.
#include <gtest/gtest.h>

#include <boost/asio/post.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "runtime/async_mutex.hpp"
#include "runtime/race.hpp"
#include "runtime/task_group.hpp"
#include "runtime/wakeup.hpp"
#include "runtime/with_timeout.hpp"
#include "unit/runtime/run_task.hpp"
#include "unit/runtime/stepped_clock.hpp"

namespace emeth {
namespace {

using namespace std::chrono_literals;
using test::run_task;
using test::settle;
using test::Started;
using test::SteppedClock;

using Notes = std::vector<std::string>;

boost::system::error_code thrown_code(Started<void>& started) {
    try {
        started.result();
    } catch (const boost::system::system_error& error) {
        return error.code();
    }
    return {};
}

Task<> sleep_and_note(Clock* clock, Milliseconds duration, Notes* notes, std::string name) {
    try {
        co_await clock->sleep(duration);
        notes->push_back(name + " slept");
    } catch (const boost::system::system_error&) {
        notes->push_back(name + " cancelled");
        throw;
    }
}

Task<> fail(std::string message) {
    co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
    throw std::runtime_error(message);
}

/// Ignores its cancellation for `duration`.
Task<> finish_first(Clock* clock, Milliseconds duration, Notes* notes) {
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    co_await clock->sleep(duration);
    notes->push_back("finished first");
}

Task<> join_children(TaskGroup* group, Notes* notes) {
    try {
        co_await group->join();
        notes->push_back("joined");
    } catch (const std::exception&) {
        notes->push_back("join threw");
        throw;
    }
}

struct TaskGroupTest : testing::Test {
    asio::io_context io;
    SteppedClock clock;
    Notes notes;
    TaskGroup group{io.get_executor(), 3};
};

TEST_F(TaskGroupTest, JoinWaitsForAllChildren) {
    group.start(sleep_and_note(&clock, 10ms, &notes, "a"));
    group.start(sleep_and_note(&clock, 20ms, &notes, "b"));
    Started<void> joining(io, join_children(&group, &notes));
    settle(io);
    clock.advance(10ms);
    settle(io);
    EXPECT_EQ(notes, Notes{"a slept"});
    EXPECT_EQ(group.running(), 1u);
    clock.advance(10ms);
    settle(io);
    EXPECT_EQ(notes, (Notes{"a slept", "b slept", "joined"}));
    EXPECT_TRUE(joining.ended());
}

TEST_F(TaskGroupTest, JoinOfNothingReturnsAtOnce) {
    run_task(io, join_children(&group, &notes));
}

TEST_F(TaskGroupTest, FirstRealErrorIsReportedAndSiblingsAreCancelled) {
    group.start(sleep_and_note(&clock, 1h, &notes, "sibling"));
    group.start(fail("the disk is full"));
    Started<void> joining(io, join_children(&group, &notes));
    settle(io);
    ASSERT_TRUE(joining.ended());
    try {
        joining.result();
        FAIL() << "the error was lost";
    } catch (const std::runtime_error& error) {
        EXPECT_STREQ(error.what(), "the disk is full");
    }
    EXPECT_EQ(notes, (Notes{"sibling cancelled", "join threw"}));
}

TEST_F(TaskGroupTest, CancelledChildrenAreNoError) {
    group.start(sleep_and_note(&clock, 1h, &notes, "a"));
    settle(io);
    group.cancel();
    run_task(io, join_children(&group, &notes));
    EXPECT_EQ(notes, (Notes{"a cancelled", "joined"}));
}

TEST_F(TaskGroupTest, IsBounded) {
    EXPECT_TRUE(group.start(sleep_and_note(&clock, 10ms, &notes, "a")));
    EXPECT_TRUE(group.start(sleep_and_note(&clock, 20ms, &notes, "b")));
    EXPECT_TRUE(group.start(sleep_and_note(&clock, 20ms, &notes, "c")));
    EXPECT_FALSE(group.start(sleep_and_note(&clock, 20ms, &notes, "d")));
    settle(io);
    clock.advance(10ms);
    settle(io);
    EXPECT_TRUE(group.start(sleep_and_note(&clock, 10ms, &notes, "e")));
    settle(io);
    clock.advance(10ms);
    run_task(io, join_children(&group, &notes));
    EXPECT_EQ(notes.size(), 5u);
}

TEST_F(TaskGroupTest, NothingIsStartedWhileItIsBeingCancelled) {
    group.start(finish_first(&clock, 10ms, &notes));
    settle(io);
    group.cancel();
    EXPECT_FALSE(group.start(sleep_and_note(&clock, 10ms, &notes, "late")));
    clock.advance(10ms);
    run_task(io, join_children(&group, &notes));
    EXPECT_EQ(notes, (Notes{"finished first", "joined"}));
}

// The next two ended the program, in io_context::run(): "terminate called … co_await: Operation canceled".

TEST_F(TaskGroupTest, AChildThatIsCancelledBeforeItBeginsNeverRuns) {
    asio::post(io, [this] { group.cancel(); });
    group.start(sleep_and_note(&clock, 1h, &notes, "a"));
    settle(io);
    EXPECT_EQ(group.running(), 0u);
    run_task(io, join_children(&group, &notes));
    EXPECT_EQ(notes, Notes{"joined"});
}

Task<> cancel_group(TaskGroup* group) {
    group->cancel();
    co_return;
}

TEST_F(TaskGroupTest, AChildMayCancelItsGroupAndEndWithoutEverHavingWaited) {
    group.start(sleep_and_note(&clock, 1h, &notes, "a"));
    group.start(cancel_group(&group));
    settle(io);
    EXPECT_EQ(group.running(), 0u);
    run_task(io, join_children(&group, &notes));
    EXPECT_EQ(notes, (Notes{"a cancelled", "joined"}));
}

Task<> cancel_itself(std::optional<Started<void>>* itself) {
    (*itself)->cancel();
    co_return;
}

TEST(SpawnedTaskTest, WhatNeverWaitedEndsAsItEnded) {
    asio::io_context io;
    std::optional<Started<void>> itself;
    itself.emplace(io, cancel_itself(&itself));
    settle(io);
    ASSERT_TRUE(itself->ended());
    EXPECT_NO_THROW(itself->result());
}

// Under Boost 1.83 the signal reached the coroutine before its first step, and the program ended as above.
TEST(SpawnedTaskTest, CancelledFromOutsideBeforeTheExecutorRuns) {
    asio::io_context io;
    SteppedClock clock;
    Notes notes;
    Started<void> sleeping(io, sleep_and_note(&clock, 1h, &notes, "a"));
    sleeping.cancel();
    settle(io);
    EXPECT_EQ(thrown_code(sleeping), asio::error::operation_aborted);
    sleeping.cancel();
    settle(io);
}

TEST_F(TaskGroupTest, CancelledJoinCancelsTheChildrenAndStillAwaitsThem) {
    group.start(sleep_and_note(&clock, 1h, &notes, "a"));
    group.start(finish_first(&clock, 10ms, &notes));
    Started<void> joining(io, join_children(&group, &notes));
    settle(io);
    joining.cancel();
    settle(io);
    EXPECT_EQ(notes, Notes{"a cancelled"});
    EXPECT_FALSE(joining.ended());
    clock.advance(10ms);
    settle(io);
    EXPECT_EQ(notes, (Notes{"a cancelled", "finished first", "join threw"}));
    EXPECT_EQ(thrown_code(joining), asio::error::operation_aborted);
}

Task<> join_then_sleep(TaskGroup* group, Clock* clock, Notes* notes) {
    try {
        co_await group->join();
    } catch (const boost::system::system_error&) {
        notes->push_back("join was cancelled");
    }
    co_await clock->sleep(1ms);
    notes->push_back("slept in spite of the cancellation");
}

TEST_F(TaskGroupTest, CancelledWaiterStaysCancelledAfterJoin) {
    group.start(sleep_and_note(&clock, 1h, &notes, "a"));
    Started<void> joining(io, join_then_sleep(&group, &clock, &notes));
    settle(io);
    joining.cancel();
    settle(io);
    EXPECT_EQ(notes, (Notes{"a cancelled", "join was cancelled"}));
    EXPECT_EQ(thrown_code(joining), asio::error::operation_aborted);
}

Task<> hold(AsyncMutex* mutex, Clock* clock, Notes* notes, std::string name) {
    const AsyncMutex::Lock lock = co_await mutex->lock();
    notes->push_back(name + " locked");
    co_await clock->sleep(10ms);
    notes->push_back(name + " unlocks");
}

struct AsyncMutexTest : testing::Test {
    asio::io_context io;
    SteppedClock clock;
    Notes notes;
    AsyncMutex mutex{io.get_executor()};

    void pass(int turns) {
        for (int turn = 0; turn < turns; ++turn) {
            settle(io);
            clock.advance(10ms);
        }
        settle(io);
    }
};

TEST_F(AsyncMutexTest, FirstComeFirstServed) {
    Started<void> a(io, hold(&mutex, &clock, &notes, "a"));
    Started<void> b(io, hold(&mutex, &clock, &notes, "b"));
    Started<void> c(io, hold(&mutex, &clock, &notes, "c"));
    pass(3);
    EXPECT_EQ(notes, (Notes{"a locked", "a unlocks", "b locked", "b unlocks", "c locked", "c unlocks"}));
}

TEST_F(AsyncMutexTest, CancelledWaiterLeavesTheQueue) {
    Started<void> a(io, hold(&mutex, &clock, &notes, "a"));
    Started<void> b(io, hold(&mutex, &clock, &notes, "b"));
    Started<void> c(io, hold(&mutex, &clock, &notes, "c"));
    settle(io);
    b.cancel();
    settle(io);
    EXPECT_EQ(thrown_code(b), asio::error::operation_aborted);
    pass(2);
    EXPECT_EQ(notes, (Notes{"a locked", "a unlocks", "c locked", "c unlocks"}));
}

/// Found by the simulation: a channel of Boost 1.81 refuses everything once its receiver was cancelled.
TEST_F(AsyncMutexTest, TheLockIsFreeAfterItsOnlyWaiterWasCancelled) {
    Started<void> holder(io, hold(&mutex, &clock, &notes, "a"));
    settle(io);
    {
        Started<void> waiter(io, hold(&mutex, &clock, &notes, "b"));
        settle(io);
        waiter.cancel();
        settle(io);
        EXPECT_TRUE(waiter.ended());
    }
    clock.advance(1'000ms);
    settle(io);
    EXPECT_TRUE(holder.ended());
    Started<void> next(io, hold(&mutex, &clock, &notes, "c"));
    settle(io);
    clock.advance(1'000ms);
    settle(io);
    EXPECT_TRUE(next.ended());
}

Task<> wait_for(Wakeup* wakeup, Notes* notes) {
    co_await wakeup->wait();
    notes->push_back("heard");
}

TEST(Wakeup, IsKeptAlsoAfterAWaiterWasCancelled) {
    asio::io_context io;
    Wakeup wakeup(io.get_executor());
    Notes notes;
    {
        Started<void> waiter(io, wait_for(&wakeup, &notes));
        settle(io);
        waiter.cancel();
        settle(io);
        EXPECT_TRUE(waiter.ended());
    }
    wakeup.notify();
    wakeup.notify();
    run_task(io, wait_for(&wakeup, &notes));
    EXPECT_EQ(notes, Notes{"heard"});
    Started<void> waiter(io, wait_for(&wakeup, &notes));
    settle(io);
    EXPECT_FALSE(waiter.ended()) << "heard once however often it was made";
    wakeup.notify();
    settle(io);
    EXPECT_TRUE(waiter.ended());
}

TEST_F(AsyncMutexTest, CancelledHolderUnlocks) {
    Started<void> a(io, hold(&mutex, &clock, &notes, "a"));
    Started<void> b(io, hold(&mutex, &clock, &notes, "b"));
    settle(io);
    a.cancel();
    settle(io);
    EXPECT_EQ(notes, (Notes{"a locked", "b locked"}));
    pass(1);
}

Task<Result<int>> answer_after(Clock* clock, Milliseconds duration, int answer) {
    co_await clock->sleep(duration);
    co_return answer;
}

Task<Result<int>> answer_in_spite_of_cancellation(Clock* clock, Milliseconds duration, int answer) {
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    co_await clock->sleep(duration);
    co_return answer;
}

Task<Result<int>> answer_by_throwing(std::string message) {
    co_await fail(message);
    co_return 0;
}

struct TimeoutTest : testing::Test {
    asio::io_context io;
    SteppedClock clock;
};

TEST_F(TimeoutTest, FastResultIsReturned) {
    Started<Result<int>> started(io, with_timeout(clock, answer_after(&clock, 5ms, 42), 10ms, "the answer"));
    settle(io);
    clock.advance(5ms);
    settle(io);
    ASSERT_TRUE(started.ended());
    EXPECT_EQ(started.result().value(), 42);
    EXPECT_EQ(clock.sleeping(), 0u);
}

TEST_F(TimeoutTest, SlowWorkIsCancelledAndNamed) {
    Started<Result<int>> started(io, with_timeout(clock, answer_after(&clock, 1h, 42), 10ms, "the answer"));
    settle(io);
    clock.advance(10ms);
    settle(io);
    ASSERT_TRUE(started.ended());
    EXPECT_EQ(started.result().error(), transient_error("the answer took longer than 10 ms"));
    EXPECT_EQ(clock.sleeping(), 0u);
}

TEST_F(TimeoutTest, ExceptionPropagatesWithoutWaitingForTheClock) {
    Started<Result<int>> started(io, with_timeout(clock, answer_by_throwing("no such answer"), 10ms, "the answer"));
    settle(io);
    ASSERT_TRUE(started.ended());
    EXPECT_THROW(started.result(), std::runtime_error);
}

TEST_F(TimeoutTest, CancelledCallerGetsOperationAbortedInsteadOfATimeout) {
    Started<Result<int>> started(io, with_timeout(clock, answer_after(&clock, 1h, 42), 10ms, "the answer"));
    settle(io);
    started.cancel();
    settle(io);
    ASSERT_TRUE(started.ended());
    try {
        started.result();
        FAIL() << "no exception";
    } catch (const boost::system::system_error& error) {
        EXPECT_EQ(error.code(), asio::error::operation_aborted);
    }
}

TEST_F(TimeoutTest, LateResultOfWorkThatCannotBeCancelledIsReturned) {
    Started<Result<int>> started(
        io, with_timeout(clock, answer_in_spite_of_cancellation(&clock, 20ms, 42), 10ms, "the answer"));
    settle(io);
    clock.advance(10ms);
    settle(io);
    EXPECT_FALSE(started.ended());
    clock.advance(10ms);
    settle(io);
    ASSERT_TRUE(started.ended());
    EXPECT_EQ(started.result().value(), 42);
}

class RaceTest : public TimeoutTest {};

TEST_F(RaceTest, TheFirstToEndDecidesAndTheOtherIsCancelled) {
    Notes notes;
    Started<void> started(
        io, race(sleep_and_note(&clock, 10ms, &notes, "fast"), sleep_and_note(&clock, 1h, &notes, "slow")));
    settle(io);
    clock.advance(10ms);
    settle(io);
    ASSERT_TRUE(started.ended());
    started.result();
    EXPECT_EQ(notes, (Notes{"fast slept", "slow cancelled"}));
}

TEST_F(RaceTest, AnExceptionDoesNotWaitForTheOtherSide) {
    Notes notes;
    Started<void> started(io, race(sleep_and_note(&clock, 1h, &notes, "slow"), fail("broken")));
    settle(io);
    ASSERT_TRUE(started.ended());
    EXPECT_THROW(started.result(), std::runtime_error);
    EXPECT_EQ(notes, Notes{"slow cancelled"});
}

TEST_F(RaceTest, TheResultOfTheFirstIsKeptThoughTheLoserYieldsOne) {
    Started<Result<int>> started(io,
                                 race(answer_in_spite_of_cancellation(&clock, 20ms, 1), answer_after(&clock, 10ms, 2)));
    settle(io);
    clock.advance(10ms);
    settle(io);
    EXPECT_FALSE(started.ended()) << "both have ended when it returns";
    clock.advance(10ms);
    settle(io);
    ASSERT_TRUE(started.ended());
    EXPECT_EQ(started.result().value(), 2);
}

}  // namespace
}  // namespace emeth
