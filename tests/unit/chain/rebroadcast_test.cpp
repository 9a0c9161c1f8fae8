#include "sender_fixture.hpp"

namespace emeth::chain::test {
namespace {

using storage::TxKind;

class RebroadcastTest : public SenderTest {};

TEST_F(RebroadcastTest, SendsTheSameBytesAfterARestart) {
    chain.broadcast_error = transient_error("connection refused");
    send_one();
    send_one();
    const std::vector<Bytes> first = chain.sent;
    chain.sent.clear();
    chain.broadcast_error.reset();
    chain.price = to_wei(std::uint64_t{999});  // nothing is signed again
    restart();
    start();
    EXPECT_EQ(chain.sent, first);
    chain.mine();
    EXPECT_TRUE(*complete(io, chain.receipt(outbox.at(1).hash)));
}

TEST_F(RebroadcastTest, SendsWhatWasCommittedAndNeverBroadcast) {
    outbox.put_error = transient_error("killed here");
    outbox.fail_after_writing = true;
    EXPECT_FALSE(complete(io, sender->send_and_store(call())));
    outbox.put_error.reset();
    EXPECT_TRUE(chain.sent.empty());
    restart();
    start();
    EXPECT_EQ(chain.sent.size(), 1u);
}

TEST_F(RebroadcastTest, RepeatsUntilTheTransactionIsMined) {
    send_one(TxKind::submit);
    start();
    EXPECT_EQ(chain.sent.size(), 2u);
    round();
    EXPECT_EQ(chain.sent.size(), 3u);
    chain.mine();
    round();
    round();
    EXPECT_EQ(chain.sent.size(), 3u);
    EXPECT_EQ(outbox.at(0).mined_block, 0u) << "its JOB marks it";
}

TEST_F(RebroadcastTest, NeverEndsDuringAnOutage) {
    send_one();
    chain.outage = transient_error("endpoint is down");
    start();
    for (int i = 0; i < 100; ++i) round();
    EXPECT_FALSE(running->ended());
    chain.outage.reset();
    const std::size_t before = chain.sent.size();
    pass(Milliseconds(15'000 * 8));
    EXPECT_EQ(chain.sent.size(), before + 1);
}

TEST_F(RebroadcastTest, GoesOnWhenOneEntryIsRefused) {
    send_one();
    send_one();
    chain.broadcast_error = permanent_error("insufficient funds");
    chain.sent.clear();
    start();
    round();
    EXPECT_EQ(chain.sent.size(), 4u);
    EXPECT_FALSE(running->ended());
}

TEST_F(RebroadcastTest, MarksApprovesMinedAndOthersOnlyMuchLater) {
    ASSERT_TRUE(deposit(1, to_wei(std::uint64_t{5})));
    start();
    chain.mine();
    round();
    EXPECT_EQ(outbox.at(0).mined_block, 1u);
    EXPECT_TRUE(outbox.at(0).succeeded);
    EXPECT_EQ(outbox.at(1).mined_block, 0u);
    chain.mine_empty(31);
    round();
    EXPECT_EQ(outbox.at(1).mined_block, 0u);
    chain.mine_empty(1);
    round();
    EXPECT_EQ(outbox.at(1).mined_block, 1u);
}

TEST_F(RebroadcastTest, SendsMarkedEntriesAgainWhenTheChainWentBackBehindThem) {
    const storage::OutboxEntry first = send_one();
    const storage::OutboxEntry second = send_one();
    chain.mine();
    Entries side;
    Receipt receipt;
    receipt.block = 1;
    side.push_back(marked_mined(first, receipt));
    ASSERT_TRUE(outbox.put(side));
    chain.reorganise(1, true);
    chain.mine_empty(2);
    chain.sent.clear();
    start();
    EXPECT_EQ(chain.sent, (std::vector<Bytes>{first.raw, second.raw}));
    chain.mine();
    EXPECT_TRUE(*complete(io, chain.receipt(first.hash)));
}

TEST_F(RebroadcastTest, FindsWhatTheChainWentBackBehindWithoutReadingTheHistory) {
    for (int i = 0; i < 20; ++i) {
        Entries side;
        Receipt receipt;
        receipt.block = 1;
        side.push_back(marked_mined(send_one(), receipt));
        ASSERT_TRUE(outbox.put(side));
    }
    chain.mine();
    chain.count_lag = 3;
    chain.sent.clear();
    start();
    EXPECT_EQ(chain.sent, (std::vector<Bytes>{outbox.at(17).raw, outbox.at(18).raw, outbox.at(19).raw}));
    EXPECT_EQ(outbox.full_reads, 0);
}

TEST_F(RebroadcastTest, MinesOnceWhatArrivedAlthoughItsAnswerWasLost) {
    chain.loses_answers = true;
    const storage::OutboxEntry entry = send_one();
    EXPECT_TRUE(chain.is_waiting(0));
    start();
    round();
    chain.mine();
    round();
    EXPECT_TRUE(*complete(io, chain.receipt(entry.hash)));
    EXPECT_EQ(send_one().nonce, 1u) << "nothing was signed again";
    EXPECT_TRUE(outbox.at(0).replacements.empty());
}

TEST_F(RebroadcastTest, ClosesAGapThatThePoolLeft) {
    for (int i = 0; i < 3; ++i) send_one();
    chain.drop(0);
    chain.mine();
    EXPECT_EQ(complete(io, chain.transaction_count(key.address())).value(), 0u) << "a gap holds back all behind it";
    start();
    chain.mine();
    EXPECT_EQ(complete(io, chain.transaction_count(key.address())).value(), 3u);
}

TEST_F(RebroadcastTest, SendsFromTheLowestNonceUp) {
    for (int i = 0; i < 3; ++i) send_one();
    chain.sent.clear();
    start();
    EXPECT_EQ(chain.sent, (std::vector<Bytes>{outbox.at(0).raw, outbox.at(1).raw, outbox.at(2).raw}));
}

TEST_F(RebroadcastTest, LivesWithACountThatLags) {
    const storage::OutboxEntry entry = send_one();
    chain.mine();
    chain.count_lag = 1;
    chain.price = to_wei(std::uint64_t{5'000'000'000});
    start();
    for (int i = 0; i < 10; ++i) {
        chain.mine_empty(1);
        round();
    }
    EXPECT_FALSE(running->ended());
    EXPECT_TRUE(outbox.at(0).replacements.empty()) << "it is mined, whatever the count says";
    EXPECT_EQ(send_one().nonce, 1u);
}

TEST_F(RebroadcastTest, LeavesForeignNoncesToWhoeverWaits) {
    send_one();
    chain.use_nonce_elsewhere();
    chain.mine_empty(100);
    start();
    round();
    EXPECT_EQ(outbox.at(0).mined_block, 0u);
}

TEST_F(RebroadcastTest, EndsWhenCancelled) {
    start();
    running->cancel();
    settle(io);
    ASSERT_TRUE(running->ended());
    EXPECT_THROW(running->result(), boost::system::system_error);
}

}  // namespace
}  // namespace emeth::chain::test
