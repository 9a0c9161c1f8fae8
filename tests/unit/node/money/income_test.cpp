// A node's income by UTC day: from the JOBs in a real store, and from those that end while it runs.
#include "node/money/income.hpp"

#include <gtest/gtest.h>

#include "chain/amount.hpp"
#include "node/money/rewards.hpp"
#include "node_world.hpp"
#include "support/io_fixture.hpp"
#include "support/job_events.hpp"

namespace emeth::test {
namespace {

namespace sm = statemachine;
using node::DayOfIncome;

constexpr std::uint64_t day = 20'000;

Wei coins(std::string_view text) {
    return chain::parse_coins(text).value();
}

sm::Job ended(sm::State state, std::string_view deposit) {
    sm::Job job = job_in(state);
    job.deposit.deposit = coins(deposit);
    job.entered_at_unix_ms = static_cast<std::int64_t>(day) * 86'400'000 + 1;
    job.outcome.slot = day;
    return job;
}

sm::Job verified(std::string_view deposit, std::optional<Wei> paid) {
    sm::Job job = ended(sm::State::verified, deposit);
    job.outcome.gas = 582;
    job.outcome.paid = paid;
    return job;
}

TEST(DayOfIncome, AFeeIsWhatCameBackBeyondTheDeposit) {
    DayOfIncome sum;
    add(sum, verified("20", coins("30.5")));
    add(sum, verified("5", coins("6")));
    EXPECT_EQ(sum.verified, 2U);
    EXPECT_EQ(sum.gas, 2 * 582U);
    EXPECT_EQ(sum.fees, coins("11.5"));
    EXPECT_TRUE(sum.penalties.is_zero());
}

TEST(DayOfIncome, AContractThatKeepsTheDepositIsALoss) {
    DayOfIncome sum;
    add(sum, verified("20", coins("10")));
    EXPECT_TRUE(sum.fees.is_zero());
    EXPECT_EQ(sum.penalties, coins("10"));
}

TEST(DayOfIncome, WhatNobodyKnowsIsInNoSum) {
    DayOfIncome sum;
    add(sum, verified("20", std::nullopt));
    sm::Job rejected = ended(sm::State::failed, "20");
    rejected.outcome.penalty = std::nullopt;
    add(sum, rejected);
    EXPECT_EQ(sum.unknown, 2U);
    EXPECT_EQ(sum.verified, 1U);
    EXPECT_EQ(sum.penalised, 1U);
    EXPECT_TRUE(sum.fees.is_zero() && sum.penalties.is_zero());
}

TEST(DayOfIncome, WithoutADepositNothingWasAtStake) {
    DayOfIncome sum;
    add(sum, ended(sm::State::skipped, "0"));
    EXPECT_EQ(sum, DayOfIncome{});
}

TEST(DayOfIncome, AVerdictCountsOnItsSlotsDayAndAnyOtherEndWhenItWasSeen) {
    sm::Job job = verified("20", coins("30"));
    job.outcome.slot = day - 1;
    EXPECT_EQ(node::day_of(job), day - 1);
    EXPECT_EQ(node::day_of(ended(sm::State::timed_out, "20")), day);
}

TEST(DayOfIncome, ItsNoteReadsBack) {
    DayOfIncome sum;
    sum.day = day;
    add(sum, verified("20", coins("30.5")));
    sm::Job late = ended(sm::State::timed_out, "20");
    late.outcome.penalty = coins("5");
    add(sum, late);
    EXPECT_EQ(node::read_day_of_income(to_text(sum)).value(), sum);
    EXPECT_TRUE(node::read_day_of_income("{}").has_error());
}

class IncomeBookTest : public IoFixture {
protected:
    void turn() {
        io.restart();
        while (io.poll() > 0) {
        }
    }
    void pass_a_second() {
        auto sleeping = clock.sleep(Milliseconds(1'000));
        asio::co_spawn(io, std::move(sleeping), [](std::exception_ptr) {});
        turn();
        clock.advance();
    }
    /// In the store, ended as the straight path ends.
    sm::Job finish(std::uint64_t number) {
        sm::Job job = store->jobs().create({terms(number)}, clock.unix_ms()).value();
        for (const auto& body : straight_path()) job = store->jobs().apply(job, {clock.unix_ms(), body}).value().job;
        EXPECT_EQ(job.state, sm::State::verified);
        return job;
    }
    std::vector<DayOfIncome> days(std::uint64_t last) { return node::read_income(store->notes(), last, 2).value(); }

    TemporaryFolder folder;
    VirtualClock clock{io.get_executor()};
    BlockingPool pool{0};
    std::unique_ptr<storage::NodeStore> store =
        storage::NodeStore::open(folder / "store", storage::OpenMode::read_write).value();
};

TEST_F(IncomeBookTest, AddsUpWhatEndedBeforeAndWhatEndsNow) {
    const sm::Job before = finish(1);
    pass_a_second();
    node::IncomeBook book(io.get_executor(), {store->jobs(), store->notes(), pool, clock});
    Background running{io, book.run()};
    turn();
    const std::uint64_t slot = before.outcome.slot;
    EXPECT_EQ(days(slot).front().verified, 1U);
    const sm::Job now = finish(2);
    book.ended(now);
    turn();
    ASSERT_EQ(days(slot).front().verified, 2U);
    EXPECT_EQ(days(slot + 1).at(1), days(slot).front()) << "newest first";
    EXPECT_EQ(days(slot + 1).front().verified, 0U);

    pass_a_second();
    node::IncomeBook next(io.get_executor(), {store->jobs(), store->notes(), pool, clock});
    Background again{io, next.run()};
    turn();
    EXPECT_EQ(days(slot).front().verified, 2U) << "made again, not added to what was noted";
}

TEST_F(IncomeBookTest, AddsUpAllPagesOfALargeStore) {
    finish(1);
    for (std::uint64_t number = 2; number <= node::IncomeBook::page_jobs; ++number)
        ASSERT_TRUE(store->jobs().create({terms(number)}, clock.unix_ms()).has_value());
    const std::uint64_t slot = finish(node::IncomeBook::page_jobs + 1).outcome.slot;
    pass_a_second();
    node::IncomeBook book(io.get_executor(), {store->jobs(), store->notes(), pool, clock});
    Background running{io, book.run()};
    turn();
    EXPECT_EQ(days(slot).front().verified, 2U);
}

TEST_F(IncomeBookTest, AWithdrawalOfAnUnknownAmountIsOne) {
    ASSERT_TRUE(store->notes().set_cursor(node::withdrawal_cursor(day), "1000").has_value());
    ASSERT_TRUE(store->notes().set_cursor(node::withdrawal_cursor(day - 1), "unknown").has_value());
    const auto seen = days(day);
    EXPECT_EQ(seen[0].withdrawn, chain::to_wei(1'000));
    EXPECT_TRUE(seen[1].is_withdrawn);
    EXPECT_EQ(seen[1].withdrawn, std::nullopt);
    EXPECT_FALSE(days(day - 2).front().is_withdrawn);
}

}  // namespace
}  // namespace emeth::test
