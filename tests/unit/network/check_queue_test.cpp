#include "network/verifier/check_queue.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace emeth::network {
namespace {

constexpr std::uint64_t gib = std::uint64_t{1} << 30;
constexpr Milliseconds minute{60'000}, hour{3'600'000};

JobId job(std::uint8_t number) {
    JobId id;
    id.bytes.fill(number);
    return id;
}

std::vector<std::uint8_t> start_all(CheckQueue& queue, Milliseconds now) {
    std::vector<std::uint8_t> started;
    while (const auto next = queue.start_next(now)) started.push_back(next->bytes[0]);
    return started;
}

using Started = std::vector<std::uint8_t>;

TEST(CheckQueue, StartsTheSmallestFirstAndNoMoreThanFit) {
    CheckQueue queue({2, 16 * gib});
    queue.wait(job(1), {hour, gib}, minute);
    queue.wait(job(2), {minute, gib}, minute);
    queue.wait(job(3), {10 * minute, gib}, minute);
    EXPECT_EQ(start_all(queue, minute), (Started{2, 3}));
    EXPECT_EQ(queue.running(), 2u);
    EXPECT_TRUE(queue.is_waiting(job(1)));
    EXPECT_FALSE(queue.is_waiting(job(2)));
    queue.ended(job(2));
    EXPECT_EQ(start_all(queue, minute), Started{1});
}

TEST(CheckQueue, AnotherBudgetIsForWhatStartsFromThenOn) {
    CheckQueue queue({1, 16 * gib});
    for (std::uint8_t number = 1; number < 4; ++number) queue.wait(job(number), {minute, gib}, minute);
    EXPECT_EQ(start_all(queue, minute), Started{1});
    queue.set_budget({2, 16 * gib});
    EXPECT_EQ(start_all(queue, minute), Started{2});
    queue.set_budget({1, 16 * gib});
    queue.ended(job(1));
    EXPECT_EQ(start_all(queue, minute), Started{}) << "one is still running";
}

TEST(CheckQueue, ASlowJobHoldsUpNoSmallOne) {
    CheckQueue queue({2, 16 * gib});
    queue.wait(job(1), {10 * hour, gib}, minute);
    EXPECT_EQ(start_all(queue, minute), Started{1});
    for (std::uint8_t small = 2; small < 6; ++small) {
        queue.wait(job(small), {minute, gib}, small * minute);
        EXPECT_EQ(start_all(queue, small * minute), Started{small});
        queue.ended(job(small));
    }
}

TEST(CheckQueue, WhoHasWaitedAsLongAsItsCheckLastsComesBeforeNewcomers) {
    CheckQueue queue({1, 16 * gib});
    queue.wait(job(9), {minute, gib}, 0 * minute);
    EXPECT_EQ(start_all(queue, minute), Started{9});
    queue.wait(job(1), {hour, gib}, minute);
    queue.wait(job(2), {2 * minute, gib}, 50 * minute);
    queue.wait(job(3), {2 * minute, gib}, 60 * minute);
    Started order;
    for (std::uint8_t ended = 9; order.size() < 3; ended = order.back()) {
        queue.ended(job(ended));
        const Started next = start_all(queue, 60 * minute);
        ASSERT_EQ(next.size(), 1u);
        order.push_back(next[0]);
    }
    EXPECT_EQ(order, (Started{2, 1, 3}));
}

TEST(CheckQueue, MemoryThatDoesNotSufficeLetsSmallerOnesPassForAWhile) {
    CheckQueue queue({4, 16 * gib});
    queue.wait(job(1), {minute, 12 * gib}, 0 * minute);
    EXPECT_EQ(start_all(queue, minute), Started{1});
    queue.wait(job(2), {minute, 12 * gib}, minute);
    queue.wait(job(3), {hour, 2 * gib}, minute);
    EXPECT_EQ(start_all(queue, 2 * minute), Started{3});
    queue.wait(job(4), {hour, gib}, minute + CheckQueue::passed_by_max);
    EXPECT_EQ(start_all(queue, minute + CheckQueue::passed_by_max), Started{});
    queue.ended(job(1));
    EXPECT_EQ(start_all(queue, minute + CheckQueue::passed_by_max), (Started{2, 4}));
}

TEST(CheckQueue, ACheckLargerThanTheBudgetRunsAlone) {
    CheckQueue queue({4, 16 * gib});
    queue.wait(job(1), {minute, 64 * gib}, 0 * minute);
    queue.wait(job(2), {hour, gib}, 0 * minute);
    EXPECT_EQ(start_all(queue, minute), Started{1});
    queue.ended(job(1));
    EXPECT_EQ(start_all(queue, minute), Started{2});
}

TEST(CheckQueue, ACheckWithoutAVerdictWaitsAnew) {
    CheckQueue queue({1, 16 * gib});
    queue.wait(job(1), {minute, gib}, 0 * minute);
    EXPECT_EQ(start_all(queue, minute), Started{1});
    queue.wait(job(1), {minute, gib}, minute);
    EXPECT_FALSE(queue.is_waiting(job(1))) << "it is in work";
    queue.ended(job(1));
    queue.wait(job(2), {minute, gib}, 2 * minute);
    queue.wait(job(1), {minute, gib}, 3 * minute);
    EXPECT_EQ(start_all(queue, 3 * minute), Started{2});
    queue.ended(job(2));
    EXPECT_EQ(start_all(queue, 3 * minute), Started{1});
    queue.ended(job(1));
    EXPECT_EQ(queue.running(), 0u);
}

TEST(CheckQueue, TellsWhoseTurnItIsAndSinceWhen) {
    CheckQueue queue({1, 16 * gib});
    queue.wait(job(3), {hour, gib}, minute);
    queue.wait(job(2), {hour, gib}, 2 * minute);
    queue.wait(job(1), {minute, gib}, 3 * minute);
    EXPECT_EQ(start_all(queue, 4 * minute), Started{1});
    const auto turns = queue.turns();
    ASSERT_EQ(turns.size(), 3u);
    EXPECT_EQ(turns[0].job, job(1));
    EXPECT_TRUE(turns[0].is_running);
    EXPECT_EQ(turns[0].since, 4 * minute) << "since its check began";
    EXPECT_EQ(turns[1].job, job(3));
    EXPECT_FALSE(turns[1].is_running);
    EXPECT_EQ(turns[1].since, minute);
    EXPECT_EQ(turns[2].job, job(2));
}

}  // namespace
}  // namespace emeth::network
