// A transaction priced too low to be mined is signed again at the same nonce, and takes effect once.
#include "chain/encoding/transaction.hpp"
#include "chain/fee_policy.hpp"
#include "sender_fixture.hpp"

namespace emeth::chain::test {
namespace {

class ReplacementTest : public SenderTest {
protected:
    /// From now on blocks hold nothing below this price, and the endpoint says so.
    void ask(std::uint64_t gwei) {
        chain.price = gwei_to_wei(gwei);
        chain.mined_from = chain.price;
    }
    /// A block without what is stuck, and a round of run().
    void wait_blocks(int blocks) {
        for (int i = 0; i < blocks; ++i) {
            chain.mine();
            round();
        }
    }
    [[nodiscard]] std::size_t variants(std::uint64_t nonce = 0) const {
        return 1 + outbox.at(nonce).replacements.size();
    }
    Wei offered(const Bytes& raw) { return decode_transaction(raw)->transaction.fees.max_fee_per_gas; }
    bool is_mined(const Hash256& hash) { return complete(io, chain.receipt(hash)).value().has_value(); }
};

TEST_F(ReplacementTest, OffersMoreForTheSameCallAtTheSameNonce) {
    const storage::OutboxEntry entry = send_one();
    ask(3);
    start();
    wait_blocks(5);
    ASSERT_EQ(variants(), 2u);
    const storage::Replacement replacement = outbox.at(0).replacements.front();
    EXPECT_EQ(chain.sent.back(), replacement.raw);
    EXPECT_EQ(replacement.signed_at_unix_ms, clock.unix_ms());
    DecodedTransaction raised = decode_transaction(replacement.raw).value();
    EXPECT_EQ(raised.hash, replacement.hash);
    EXPECT_EQ(raised.sender, key.address());
    EXPECT_EQ(raised.transaction.fees, legacy_fees(gwei_to_wei(3)));
    raised.transaction.fees = legacy_fees(gwei_to_wei(1));
    EXPECT_EQ(raised.transaction, decode_transaction(entry.raw)->transaction) << "all but the price is as it was";
    EXPECT_EQ(outbox.at(0).raw, entry.raw) << "what was signed first stays";

    chain.mine();
    round();
    EXPECT_TRUE(is_mined(replacement.hash));
    EXPECT_FALSE(is_mined(entry.hash));
    const TxOutcome outcome = complete(io, sender->await_outcome(entry.nonce, entry.hash)).value();
    EXPECT_EQ(outcome.receipt.transaction, replacement.hash);
    EXPECT_EQ(send_one().nonce, 1u);
}

TEST_F(ReplacementTest, WaitsSomeBlocksFirst) {
    send_one();
    ask(3);
    start();
    wait_blocks(4);
    for (int i = 0; i < 20; ++i) round();
    EXPECT_EQ(variants(), 1u) << "time alone proves nothing: no block could have held it";
    wait_blocks(1);
    EXPECT_EQ(variants(), 2u);
}

TEST_F(ReplacementTest, IsNoAnswerToWaitingThatIsNotAboutThePrice) {
    send_one();
    chain.mined_from = gwei_to_wei(3);  // blocks are full of others, but the endpoint asks no more than is offered
    start();
    wait_blocks(20);
    EXPECT_EQ(variants(), 1u);
}

TEST_F(ReplacementTest, GoesOnRaisingWhileThePriceRises) {
    send_one();
    ask(2);
    start();
    wait_blocks(5);
    for (const std::uint64_t gwei : {3u, 9u}) {
        ask(gwei);
        wait_blocks(6);  // the wait begins with the first block that could have held the new offer
    }
    ASSERT_EQ(variants(), 4u);
    EXPECT_EQ(offered(outbox.at(0).replacements.back().raw), gwei_to_wei(9));
    chain.mine();
    EXPECT_TRUE(is_mined(outbox.at(0).replacements.back().hash));
}

TEST_F(ReplacementTest, RaisesTheLowestNonceAlone) {
    send_one();
    send_one();
    ask(3);
    start();
    wait_blocks(5);
    EXPECT_EQ(variants(0), 2u);
    EXPECT_EQ(variants(1), 1u) << "its turn comes when it is the lowest";
    wait_blocks(7);
    EXPECT_EQ(variants(1), 2u);
    chain.mine();
    EXPECT_EQ(complete(io, chain.transaction_count(key.address())).value(), 2u);
}

TEST_F(ReplacementTest, NeverOffersMoreThanTheCeiling) {
    gas_price_max_gwei = 4;
    restart();
    send_one();
    ask(9);
    start();
    wait_blocks(50);
    ASSERT_EQ(variants(), 2u);
    EXPECT_EQ(offered(outbox.at(0).replacements.back().raw), gwei_to_wei(4));
}

TEST_F(ReplacementTest, IsNeverBroadcastBeforeItIsDurable) {
    const storage::OutboxEntry entry = send_one();
    ask(3);
    start();
    wait_blocks(4);
    outbox.put_error = transient_error("disk full");
    wait_blocks(3);
    EXPECT_EQ(chain.sent.back(), entry.raw) << "what there is goes out all the same";
    for (const Bytes& raw : chain.sent) EXPECT_EQ(raw, entry.raw);

    outbox.fail_after_writing = true;  // killed between the sync and its answer
    chain.outage = transient_error("endpoint is down");
    stop();
    restart();
    chain.outage.reset();
    outbox.put_error.reset();
    start();
    wait_blocks(5);
    EXPECT_EQ(variants(), 2u);
    EXPECT_EQ(chain.sent.back(), outbox.at(0).replacements.back().raw);
}

TEST_F(ReplacementTest, SendsADurableOneThatWasNeverBroadcast) {
    send_one();
    ask(3);
    outbox.put_error = transient_error("killed here");
    outbox.fail_after_writing = true;
    start();
    wait_blocks(5);
    const Bytes durable = outbox.at(0).replacements.back().raw;
    stop();
    outbox.put_error.reset();
    restart();
    start();
    EXPECT_EQ(chain.sent.back(), durable);
    chain.mine();
    EXPECT_TRUE(is_mined(outbox.at(0).replacements.back().hash));
}

TEST_F(ReplacementTest, AnEarlierVariantMayBeTheOneThatIsMined) {
    const storage::OutboxEntry entry = send_one();
    ask(3);
    start();
    wait_blocks(5);
    ASSERT_EQ(variants(), 2u);
    chain.mine_instead(entry.raw);
    const TxOutcome outcome = complete(io, sender->await_outcome(entry.nonce, entry.hash)).value();
    EXPECT_EQ(outcome.receipt.transaction, entry.hash);
    chain.mine_empty(32);
    round();
    EXPECT_EQ(outbox.at(0).mined_hash, std::nullopt);
    EXPECT_NE(outbox.at(0).mined_block, 0u);
}

TEST_F(ReplacementTest, IsMarkedMinedWhenNobodyElseMarksIt) {
    send_one();
    ask(3);
    start();
    wait_blocks(6);
    ASSERT_EQ(variants(), 2u);
    chain.mine_empty(32);
    round();
    EXPECT_NE(outbox.at(0).mined_block, 0u);
    EXPECT_EQ(outbox.at(0).mined_hash, outbox.at(0).replacements.front().hash);
}

TEST_F(ReplacementTest, FallsBackToWhatTheWalletCanPay) {
    const storage::OutboxEntry entry = send_one();
    ask(3);
    chain.refusal = [](const Transaction& transaction) -> std::optional<Error> {
        if (transaction.fees.max_fee_per_gas < gwei_to_wei(2)) return std::nullopt;
        return transient_error("insufficient funds for gas * price + value");
    };
    start();
    wait_blocks(5);
    ASSERT_EQ(variants(), 2u);
    chain.drop(0);
    round();
    EXPECT_TRUE(chain.is_waiting(0)) << "the cheaper variant";
    chain.mined_from = Wei{};
    chain.mine();
    EXPECT_TRUE(is_mined(entry.hash));
}

TEST_F(ReplacementTest, AnswersAnUnderpricedRefusal) {
    chain.refusal = [](const Transaction& transaction) -> std::optional<Error> {
        if (transaction.fees.max_fee_per_gas >= gwei_to_wei(3)) return std::nullopt;
        return transient_error("transaction underpriced");
    };
    send_one();
    chain.price = gwei_to_wei(3);
    start();
    wait_blocks(6);
    EXPECT_TRUE(is_mined(outbox.at(0).replacements.at(0).hash));
}

TEST_F(ReplacementTest, RaisesAgainWhenAReplacementIsUnderpriced) {
    const storage::OutboxEntry entry = send_one();
    // A pool that demands twice the price before it replaces a transaction.
    chain.refusal = [](const Transaction& transaction) -> std::optional<Error> {
        const Wei& price = transaction.fees.max_fee_per_gas;
        if (price == gwei_to_wei(1) || price >= gwei_to_wei(2)) return std::nullopt;
        return transient_error("replacement transaction underpriced");
    };
    chain.mined_from = gwei_to_wei(2);
    start();
    for (int block = 0; block < 100 && complete(io, chain.transaction_count(key.address())).value() == 0; ++block) {
        chain.price = saturating_sum(offered(outbox.at(0).newest_raw()), to_wei(std::uint64_t{1}));
        wait_blocks(1);
    }
    EXPECT_GE(variants(), 3u);
    const TxOutcome outcome = complete(io, sender->await_outcome(entry.nonce, entry.hash)).value();
    EXPECT_EQ(outcome.receipt.transaction, outbox.at(0).replacements.back().hash);
}

TEST_F(ReplacementTest, IsSentAgainWhenTheChainWentBackBehindIt) {
    send_one();
    ask(3);
    start();
    wait_blocks(6);
    const storage::Replacement replacement = outbox.at(0).replacements.at(0);
    ASSERT_TRUE(is_mined(replacement.hash));
    chain.mine_empty(33);
    round();
    ASSERT_NE(outbox.at(0).mined_block, 0u);
    chain.reorganise(34, true);
    chain.mine_empty(40);
    round();
    EXPECT_EQ(chain.sent.back(), replacement.raw);
    chain.mine();
    EXPECT_TRUE(is_mined(replacement.hash));
    EXPECT_EQ(variants(), 2u);
}

}  // namespace
}  // namespace emeth::chain::test
