// Deposits under a standing allowance: when the cap is approved again, and when process goes alone.
#include "chain/encoding/emeth_core.hpp"
#include "sender_fixture.hpp"

namespace emeth::chain::test {
namespace {

using storage::TxKind;

Wei coins(std::string_view text) {
    return *parse_coins(text);
}

class AllowanceTest : public SenderTest {
protected:
    AllowanceTest() {
        allowance_cap = coins("60");
        restart();
    }

    /// Everything that was sent is mined and marked, which leaves this much of the allowance.
    void settle_with(std::string_view left, bool succeeded = true) {
        chain.mine();
        Receipt receipt;
        receipt.block = chain.height();
        receipt.succeeded = succeeded;
        for (const storage::OutboxEntry& entry : outbox.pending().value())
            ASSERT_TRUE(outbox.put({marked_mined(entry, receipt)}));
        chain.allowance = coins(left);
    }
    /// "approve 60, process", as it was signed, with adjacent nonces.
    static std::string kinds(const Result<Entries>& entries) {
        if (entries.has_error()) return entries.error().message;
        std::string text;
        for (const storage::OutboxEntry& entry : *entries) {
            EXPECT_EQ(entry.nonce, entries->front().nonce + static_cast<std::uint64_t>(&entry - &entries->front()));
            const Transaction made = decode_transaction(entry.raw)->transaction;
            const auto approved = approved_amount(made.data);
            text += (text.empty() ? "" : ", ") + std::string(storage::name(entry.kind));
            if (approved) text += " " + format_coins(*approved);
        }
        return text;
    }
};

TEST_F(AllowanceTest, TheCapIsApprovedOnceAndAgainWhenItIsUsedUp) {
    const auto first = deposit(1, coins("30"));
    EXPECT_EQ(kinds(first), "approve 60, process");
    EXPECT_EQ((*first)[1].amount, coins("30"));
    settle_with("30");
    const auto second = deposit(2, coins("30"));
    EXPECT_EQ(kinds(second), "process");
    EXPECT_EQ((*second)[0].job, numbered<JobId>(2));
    EXPECT_EQ((*second)[0].nonce, 2U);
    settle_with("0");
    EXPECT_EQ(kinds(deposit(3, coins("30"))), "approve 60, process");
}

TEST_F(AllowanceTest, AnApproveThatIsOnItsWayCountsAndSoDoTheDepositsBehindIt) {
    Started<Result<Entries>> first(io,
                                   sender->send_deposit(numbered<JobId>(1), coins("30"), core, token, into_store()));
    Started<Result<Entries>> second(io,
                                    sender->send_deposit(numbered<JobId>(2), coins("20"), core, token, into_store()));
    Started<Result<Entries>> third(io,
                                   sender->send_deposit(numbered<JobId>(3), coins("20"), core, token, into_store()));
    settle(io);
    ASSERT_TRUE(first.ended() && second.ended() && third.ended());
    EXPECT_EQ(kinds(first.result()), "approve 60, process");
    EXPECT_EQ(kinds(second.result()), "process");
    EXPECT_EQ(kinds(third.result()), "approve 60, process") << "10 are left behind the first two";
}

TEST_F(AllowanceTest, ADepositOnItsWayIsDeductedFromWhatTheChainShows) {
    chain.allowance = coins("50");
    EXPECT_EQ(kinds(deposit(1, coins("30"))), "process");
    EXPECT_EQ(kinds(deposit(2, coins("30"))), "approve 60, process");
}

TEST_F(AllowanceTest, ADepositThatIsMinedAndNotMarkedIsDeductedInCaseTheEndpointLags) {
    chain.allowance = coins("50");
    ASSERT_EQ(kinds(deposit(1, coins("30"))), "process");
    chain.mine();
    EXPECT_EQ(kinds(deposit(2, coins("30"))), "approve 60, process") << "20 are left, whatever the endpoint shows";
}

TEST_F(AllowanceTest, ADepositThatAReorganisationUndidIsDeducted) {
    chain.allowance = coins("50");
    ASSERT_EQ(kinds(deposit(1, coins("30"))), "process");
    settle_with("20");
    chain.reorganise(1);
    chain.allowance = coins("50");
    EXPECT_EQ(kinds(deposit(2, coins("30"))), "approve 60, process");
}

TEST_F(AllowanceTest, AfterADeathBetweenCommitAndBroadcastTheDurablePairCounts) {
    chain.broadcast_error = transient_error("the process is dead");
    ASSERT_EQ(kinds(deposit(1, coins("30"))), "approve 60, process");
    chain.broadcast_error.reset();
    restart();
    EXPECT_EQ(kinds(deposit(2, coins("30"))), "process");
}

TEST_F(AllowanceTest, APairThatWasNotCommittedDoesNotCount) {
    ASSERT_TRUE(complete(io, sender->send_deposit(numbered<JobId>(1), coins("30"), core, token, [](Entries) {
                    return refuse();
                })).has_error());
    EXPECT_EQ(kinds(deposit(2, coins("30"))), "approve 60, process");
}

TEST_F(AllowanceTest, WhatAnExactApproveLeftIsNotTakenForTheCap) {
    allowance_cap.reset();
    restart();
    ASSERT_EQ(kinds(deposit(1, coins("30"))), "approve 30, process");
    allowance_cap = coins("60");
    restart();
    EXPECT_EQ(kinds(deposit(2, coins("10"))), "approve 60, process");
}

TEST_F(AllowanceTest, AnAllowanceAboveTheCapIsSetBackToIt) {
    chain.allowance = coins("1000");
    EXPECT_EQ(kinds(deposit(1, coins("30"))), "approve 60, process");
}

TEST_F(AllowanceTest, AnAllowanceAboveTheCapIsSetBackAlsoIfDepositsAreAboutToUseIt) {
    chain.allowance = coins("50");
    ASSERT_EQ(kinds(deposit(1, coins("30"))), "process");
    chain.allowance = coins("70");
    EXPECT_EQ(kinds(deposit(2, coins("20"))), "approve 60, process");
}

/// The nonce came from one endpoint, the allowance from another that was behind.
TEST_F(AllowanceTest, AnAllowanceThatDidNotDoIsNotReliedOnAgain) {
    chain.allowance = coins("50");
    ASSERT_EQ(kinds(deposit(1, coins("30"))), "process");
    settle_with("50", false);
    EXPECT_EQ(kinds(deposit(2, coins("30"))), "process");
    settle_with("50");
    EXPECT_EQ(kinds(deposit(1, coins("30"))), "approve 60, process");
}

TEST_F(AllowanceTest, ADepositMayUseTheWholeCapAndNoMore) {
    const auto refused = deposit(1, coins("60.000000000000000001"));
    ASSERT_TRUE(refused.has_error());
    EXPECT_EQ(refused.error().kind, ErrorKind::permanent);
    EXPECT_EQ(refused.error().message, "deposit 60.000000000000000001 EMT > allowance cap 60 EMT");
    EXPECT_EQ(outbox.size(), 0U);
    EXPECT_EQ(kinds(deposit(1, coins("60"))), "approve 60, process");
}

TEST_F(AllowanceTest, WithoutAnAnswerNothingIsSigned) {
    chain.allowance = transient_error("503");
    EXPECT_EQ(deposit(1, coins("30")).error(), transient_error("503"));
    EXPECT_EQ(outbox.size(), 0U);
}

}  // namespace
}  // namespace emeth::chain::test
