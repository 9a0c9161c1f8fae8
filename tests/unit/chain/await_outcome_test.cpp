#include "chain/sender/outcome_watch.hpp"
#include "sender_fixture.hpp"

namespace emeth::chain::test {
namespace {

using testing::HasSubstr;

class AwaitOutcomeTest : public SenderTest {
protected:
    using Waiting = Started<Result<TxOutcome>>;

    std::unique_ptr<Waiting> await(const storage::OutboxEntry& entry) {
        auto waiting = std::make_unique<Waiting>(io, sender->await_outcome(entry.nonce, entry.hash));
        settle(io);
        return waiting;
    }
    /// Signs the entry's transaction again at twice its price and makes that durable, as run() does.
    storage::Replacement replace(const storage::OutboxEntry& entry) {
        Transaction transaction = decode_transaction(entry.raw)->transaction;
        const Wei price = transaction.fees.max_fee_per_gas;
        transaction.fees.max_fee_per_gas = saturating_sum(price, price);
        SignedTransaction made = sign(transaction, key);
        const storage::Replacement replacement{made.hash, std::move(made.raw), 0};
        EXPECT_TRUE(outbox.add_replacement(entry.nonce, replacement));
        return replacement;
    }
    void poll() { pass(Milliseconds(1'000)); }
    void require_depth(std::uint64_t blocks) {
        confirmations = blocks;
        restart();
    }
};

TEST_F(AwaitOutcomeTest, WaitsForTheReceipt) {
    const auto waiting = await(send_one());
    poll();
    EXPECT_FALSE(waiting->ended());
    chain.mine();
    poll();
    ASSERT_TRUE(waiting->ended());
    const TxOutcome outcome = waiting->result().value();
    EXPECT_TRUE(outcome.receipt.succeeded);
    EXPECT_EQ(outcome.receipt.block, 1u);
    EXPECT_EQ(outcome.revert_reason, "");
}

TEST_F(AwaitOutcomeTest, WaitsUntilItIsDeepEnough) {
    require_depth(3);
    const auto waiting = await(send_one());
    chain.mine();
    poll();
    chain.mine_empty(1);
    poll();
    EXPECT_FALSE(waiting->ended());
    chain.mine_empty(1);
    poll();
    EXPECT_TRUE(waiting->ended());
}

TEST_F(AwaitOutcomeTest, FollowsTheTransactionThroughAReorganisation) {
    require_depth(3);
    const auto waiting = await(send_one());
    chain.mine();
    chain.mine_empty(1);
    poll();
    chain.reorganise(2);
    chain.mine_empty(4);
    poll();
    EXPECT_FALSE(waiting->ended()) << "its block is gone";
    chain.mine();
    chain.mine_empty(1);
    poll();
    EXPECT_FALSE(waiting->ended()) << "the depth is counted from the new block";
    chain.mine_empty(1);
    poll();
    ASSERT_TRUE(waiting->ended());
    EXPECT_EQ(waiting->result().value().receipt.block, 5u);
}

TEST_F(AwaitOutcomeTest, SaysWhyATransactionWasReverted) {
    const storage::OutboxEntry entry = send_one();
    chain.reverts[entry.hash] = true;
    chain.reason = "EmethCore: the JOB is PROCESSING, not REQUESTED";
    chain.mine();
    const TxOutcome outcome = await(entry)->result().value();
    EXPECT_FALSE(outcome.receipt.succeeded);
    EXPECT_EQ(outcome.revert_reason, "EmethCore: the JOB is PROCESSING, not REQUESTED");
}

TEST_F(AwaitOutcomeTest, SaysSoWhenTheReasonIsGone) {
    const storage::OutboxEntry entry = send_one();
    chain.reverts[entry.hash] = true;
    chain.mine();
    EXPECT_EQ(await(entry)->result().value().revert_reason, "reverted; the same call would succeed now");
    outbox.erase(entry.nonce);
    EXPECT_EQ(await(entry)->result().value().revert_reason, "reverted; its reason is not known");
}

TEST_F(AwaitOutcomeTest, SurvivesOutagesAndPollsMoreSeldomDuringThem) {
    const auto waiting = await(send_one());
    chain.outage = transient_error("endpoint is down");
    const std::uint64_t before = chain.calls;
    for (int second = 0; second < 3'600; ++second) poll();
    EXPECT_FALSE(waiting->ended());
    EXPECT_LT(chain.calls - before, 300u);
    EXPECT_GT(chain.calls - before, 200u) << "a quarter of a minute apart at most: deadlines are near at times";
    chain.outage = permanent_error("endpoint answered HTML");
    for (int second = 0; second < 120; ++second) poll();
    EXPECT_FALSE(waiting->ended());
    chain.outage.reset();
    chain.mine();
    pass(Milliseconds(60'000));
    EXPECT_TRUE(waiting->ended());
}

TEST_F(AwaitOutcomeTest, NoticesThatTheNonceWasUsedElsewhere) {
    const storage::OutboxEntry entry = send_one();
    const auto waiting = await(entry);
    chain.use_nonce_elsewhere();
    for (std::uint32_t i = 0; i + 1 < ForeignNonce::polls_min; ++i) poll();
    EXPECT_FALSE(waiting->ended()) << "an endpoint may be slow with receipts";
    poll();
    ASSERT_TRUE(waiting->ended());
    const Error error = waiting->result().error();
    EXPECT_EQ(error.kind, ErrorKind::permanent);
    EXPECT_THAT(error.message, HasSubstr("nonce 0 of wallet " + key.address().hex()));
}

TEST_F(AwaitOutcomeTest, TakesWhicheverVariantIsMined) {
    for (const bool replacement_wins : {true, false}) {
        const storage::OutboxEntry entry = send_one();
        const auto waiting = await(entry);
        poll();
        const storage::Replacement replacement = replace(entry);
        chain.mine_instead(replacement_wins ? replacement.raw : entry.raw);
        poll();
        ASSERT_TRUE(waiting->ended());
        EXPECT_EQ(waiting->result().value().receipt.transaction, replacement_wins ? replacement.hash : entry.hash);
        const auto asked_late = std::make_unique<Waiting>(io, sender->await_outcome(entry.nonce, replacement.hash));
        settle(io);
        EXPECT_TRUE(asked_late->ended()) << "the hash of any variant will do";
    }
}

TEST_F(AwaitOutcomeTest, SaysWhyAReplacementWasReverted) {
    const storage::OutboxEntry entry = send_one();
    const storage::Replacement replacement = replace(entry);
    chain.reverts[replacement.hash] = true;
    chain.reason = "EmethCore: the JOB is PROCESSING, not REQUESTED";
    chain.mine_instead(replacement.raw);
    const TxOutcome outcome = await(entry)->result().value();
    EXPECT_FALSE(outcome.receipt.succeeded);
    EXPECT_EQ(outcome.receipt.transaction, replacement.hash);
    EXPECT_EQ(outcome.revert_reason, "EmethCore: the JOB is PROCESSING, not REQUESTED");
}

TEST_F(AwaitOutcomeTest, FollowsAReorganisationFromOneVariantToAnother) {
    require_depth(3);
    const storage::OutboxEntry entry = send_one();
    const storage::Replacement replacement = replace(entry);
    const auto waiting = await(entry);
    chain.mine_instead(replacement.raw);
    chain.mine_empty(1);
    poll();
    chain.reorganise(2, true);
    chain.mine_instead(entry.raw);
    chain.mine_empty(1);
    poll();
    EXPECT_FALSE(waiting->ended());
    chain.mine_empty(1);
    poll();
    ASSERT_TRUE(waiting->ended());
    EXPECT_EQ(waiting->result().value().receipt.transaction, entry.hash);
}

TEST_F(AwaitOutcomeTest, TakesTheReceiptsWordOverALaggingCount) {
    const auto waiting = await(send_one());
    chain.count_lag = 1;
    chain.mine();
    poll();
    EXPECT_TRUE(waiting->ended());
}

TEST_F(AwaitOutcomeTest, DoesNotTakeItsOwnTransactionForOneThatWasSentElsewhere) {
    const storage::OutboxEntry own = send_one();
    const auto waiting = std::make_unique<Waiting>(io, sender->await_outcome(own.nonce, numbered<Hash256>(99)));
    chain.mine();
    poll();
    EXPECT_FALSE(waiting->ended()) << "that hash is none of the entry's variants";
}

TEST_F(AwaitOutcomeTest, ForgetsTheSuspicionWhenTheForeignTransactionIsReorganisedAway) {
    const auto waiting = await(send_one());
    chain.use_nonce_elsewhere();
    for (int i = 0; i < 5; ++i) poll();
    chain.reorganise(1);
    chain.mine_empty(1);
    for (std::uint32_t i = 0; i < ForeignNonce::polls_min; ++i) poll();
    EXPECT_FALSE(waiting->ended());
    chain.sent.clear();
    ASSERT_TRUE(complete(io, chain.send_raw(outbox.at(0).raw)));
    chain.mine();
    poll();
    EXPECT_TRUE(waiting->ended());
}

TEST_F(AwaitOutcomeTest, EndsWhenCancelled) {
    const auto waiting = await(send_one());
    waiting->cancel();
    settle(io);
    ASSERT_TRUE(waiting->ended());
    EXPECT_THROW(waiting->result(), boost::system::system_error);
}

TEST(ForeignNonceTest, WaitsForPollsAndForBlocks) {
    ForeignNonce foreign;
    for (std::uint32_t i = 1; i < ForeignNonce::polls_min; ++i) EXPECT_FALSE(foreign.suspected(100, 1));
    EXPECT_TRUE(foreign.suspected(100, 1));
    ForeignNonce deep;
    for (std::uint32_t i = 0; i < 3 * ForeignNonce::polls_min; ++i) EXPECT_FALSE(deep.suspected(100, 6));
    EXPECT_FALSE(deep.suspected(104, 6));
    EXPECT_TRUE(deep.suspected(105, 6));
    deep.clear();
    EXPECT_FALSE(deep.suspected(200, 6));
}

}  // namespace
}  // namespace emeth::chain::test
