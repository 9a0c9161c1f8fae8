// A clock that is off: what is signed with, and whether a deposit may be locked.
#include "api_client/clock_offset.hpp"

#include <gtest/gtest.h>

#include "http/date.hpp"

namespace emeth::api_client {
namespace {

using Server = ClockOffset::Server;
using std::chrono::milliseconds;

constexpr std::int64_t minute = 60'000, hour = 60 * minute;
constexpr std::int64_t true_s = 1'700'000'000;

class ClockOffsetTest : public ::testing::Test {
protected:
    /// The server's clock is `off` ms ahead of the true time; the exchange takes 200 ms, at monotonic time 5 s.
    void answer(Server server, std::int64_t off) {
        const std::int64_t at_server = true_s * 1'000 + off;
        clock.take(server, at_server / 1'000, milliseconds(5'000), milliseconds(5'200));
    }
    /// This machine's clock is `off` ms ahead of the true time.
    static LocalTime local(std::int64_t off) { return {true_s * 1'000 + 100 + off, milliseconds(5'100)}; }
    [[nodiscard]] std::int64_t corrected(std::int64_t off) const {
        const LocalTime now = local(off);
        return now.unix_ms + clock.correction_ms(now);
    }
    /// That what is signed is neither refused as too old nor as from the future.
    void expect_signs_with_server_time(std::int64_t off) const {
        EXPECT_LE(corrected(off), true_s * 1'000 + 100) << off;
        EXPECT_GE(corrected(off), true_s * 1'000 - 2'000) << off;
    }
    ClockOffset clock;
};

TEST_F(ClockOffsetTest, NothingIsKnownBeforeTheFirstAnswer) {
    EXPECT_EQ(clock.correction_ms(local(hour)), 0);
    EXPECT_TRUE(clock.judge(local(hour), true_s).may_deposit);
    EXPECT_EQ(clock.judge(local(hour), true_s).sentence, "");
}

TEST_F(ClockOffsetTest, AClockThatMayBeRightIsNotCorrected) {
    answer(Server::storage_api, 0);
    for (const std::int64_t off : {-50, 0, 500, 900}) {
        EXPECT_EQ(clock.correction_ms(local(off)), 0) << off;
        EXPECT_EQ(clock.judge(local(off), true_s).sentence, "") << off;
    }
}

TEST_F(ClockOffsetTest, SignaturesHaveTheServersTime) {
    answer(Server::storage_api, 0);
    for (const std::int64_t off : {3'000L, -3'000L, 61'000L, -61'000L, 59 * minute, -59 * minute})
        expect_signs_with_server_time(off);
}

TEST_F(ClockOffsetTest, AClockThatIsSetLaterIsMeasuredStill) {
    answer(Server::storage_api, 0);
    const LocalTime an_hour_later{true_s * 1'000 + 100 + hour - 5 * minute, milliseconds(5'100 + hour)};
    EXPECT_NEAR(static_cast<double>(clock.correction_ms(an_hour_later)), 5.0 * minute, 1'300.0);
}

TEST_F(ClockOffsetTest, OneServerDoesNotHaveUsSignForAnyTime) {
    answer(Server::storage_api, 3 * hour);
    EXPECT_EQ(clock.correction_ms(local(0)), 0);
    answer(Server::storage_api, -3 * hour);
    EXPECT_EQ(clock.correction_ms(local(0)), 0);
}

TEST_F(ClockOffsetTest, TheSecondInWhichTheAnswerWasDatedIsAllThatIsKnown) {
    clock.take(Server::storage_api, true_s + 600, milliseconds(0), milliseconds(10'001));
    EXPECT_EQ(clock.correction_ms(local(0)), 0) << "an exchange that took too long says nothing";
    clock.take(Server::storage_api, true_s + 600, milliseconds(0), milliseconds(-1));
    EXPECT_EQ(clock.correction_ms(local(0)), 0);
}

TEST_F(ClockOffsetTest, AnotherServerOrTheChainConfirmsWhatIsCorrected) {
    answer(Server::storage_api, 0);
    const auto by_chain = clock.judge(local(-20 * minute), true_s - 60);
    EXPECT_TRUE(by_chain.may_deposit);
    EXPECT_EQ(
        by_chain.sentence,
        "this machine's clock is 19 min behind the Storage API's, as the chain confirms; requests are signed with "
        "the corrected time: set the clock");
    answer(Server::info_server, 2'000);
    const auto by_server = clock.judge(local(20 * minute), true_s - hour / 1'000);
    EXPECT_TRUE(by_server.may_deposit);
    EXPECT_NE(by_server.sentence.find("ahead of the Storage API's, as the JOB info server confirms"), std::string::npos)
        << by_server.sentence;
}

TEST_F(ClockOffsetTest, WhatNobodyConfirmsKeepsTheNodeFromDeposits) {
    answer(Server::storage_api, 20 * minute);
    EXPECT_FALSE(clock.judge(local(0), true_s).may_deposit) << "the chain says that the wall clock is right";
    answer(Server::info_server, 0);
    const auto verdict = clock.judge(local(0), true_s);
    EXPECT_FALSE(verdict.may_deposit);
    EXPECT_EQ(
        verdict.sentence,
        "this machine's clock is 19 min behind the Storage API's, which neither the JOB info server nor the chain "
        "confirms: no JOB is taken; set the clock, or check storageApi");
}

TEST_F(ClockOffsetTest, AboveTheBoundNobodyCanConfirm) {
    answer(Server::storage_api, 0);
    answer(Server::info_server, 0);
    for (const std::int64_t off : {hour + 2'000, -hour - 2'000, 24 * hour}) {
        const auto verdict = clock.judge(local(off), true_s);
        EXPECT_FALSE(verdict.may_deposit) << off;
        EXPECT_NE(verdict.sentence.find("no more than 60 min is corrected: no JOB is taken"), std::string::npos)
            << verdict.sentence;
        EXPECT_EQ(clock.correction_ms(local(off)), 0) << off;
    }
}

TEST_F(ClockOffsetTest, InfoServerAndChainAlonePreventAndCorrectNothing) {
    answer(Server::info_server, 20 * minute);
    EXPECT_EQ(clock.correction_ms(local(0)), 0);
    EXPECT_TRUE(clock.judge(local(0), true_s + 10'000).may_deposit);
    answer(Server::storage_api, 0);
    EXPECT_TRUE(clock.judge(local(0), true_s + 10'000).may_deposit);
    EXPECT_EQ(clock.judge(local(0), true_s + 10'000).sentence, "");
}

TEST_F(ClockOffsetTest, SomeSecondsNeedNoWordButAreCorrected) {
    answer(Server::storage_api, 0);
    EXPECT_EQ(clock.judge(local(9'000), true_s - hour).sentence, "");
    expect_signs_with_server_time(9'000);
}

class SetClock final : public Clock {
public:
    [[nodiscard]] std::int64_t unix_ms() const override { return now_ms; }
    [[nodiscard]] Milliseconds monotonic() const override { return Milliseconds(5'000); }
    Task<> sleep(Milliseconds) override { co_return; }
    std::int64_t now_ms = true_s * 1'000;
};

TEST(NetworkClock, ReadsTheDateOfAnswers) {
    SetClock wall;
    NetworkClock network(wall);
    const std::string date = http::format_date(true_s + 600);
    network.answered(Server::storage_api, {{"date", "yesterday"}}, Milliseconds(4'900));
    network.answered(Server::storage_api, {}, Milliseconds(4'900));
    network.answered(Server::storage_api, {{"date", date}, {"age", "30"}}, Milliseconds(4'900));
    EXPECT_EQ(network.unix_ms(), wall.now_ms) << "none of these says what time it is";
    network.answered(Server::storage_api, {{"date", date}}, Milliseconds(4'900));
    EXPECT_EQ(network.unix_ms(), wall.now_ms + 600'000);
    EXPECT_FALSE(network.judge(true_s).may_deposit);
    EXPECT_TRUE(network.judge(true_s + 600).may_deposit);
}

/// Or a server that takes a signature once would refuse the second request of a millisecond.
TEST(NetworkClock, NoTwoSignaturesHaveTheSameTime) {
    SetClock wall;
    NetworkClock network(wall);
    EXPECT_EQ(network.signing_unix_ms(), wall.now_ms);
    EXPECT_EQ(network.signing_unix_ms(), wall.now_ms + 1);
    wall.now_ms -= 5'000;
    EXPECT_EQ(network.signing_unix_ms(), wall.now_ms + 5'002) << "nor where the clock was put back";
    wall.now_ms += 10'000;
    EXPECT_EQ(network.signing_unix_ms(), wall.now_ms);
}

}  // namespace
}  // namespace emeth::api_client
