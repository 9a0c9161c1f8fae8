#include "chain/sender/transaction_sender.hpp"

#include "chain/encoding/emeth_core.hpp"
#include "chain/gas.hpp"
#include "sender_fixture.hpp"

namespace emeth::chain::test {
namespace {

using storage::TxKind;
using testing::HasSubstr;

class TransactionSenderTest : public SenderTest {};

TEST_F(TransactionSenderTest, CommitsBeforeItBroadcasts) {
    std::size_t sent_at_commit = 99;
    const TransactionSender::Commit commit = [&](Entries entries) {
        sent_at_commit = chain.sent.size();
        return put(&outbox, std::move(entries));
    };
    const Result<Entries> entries = complete(io, sender->send({call()}, commit));
    ASSERT_TRUE(entries) << entries.error().message;
    EXPECT_EQ(sent_at_commit, 0u);
    ASSERT_EQ(chain.sent.size(), 1u);
    EXPECT_EQ(chain.sent.front(), outbox.at(0).raw);
    EXPECT_EQ(outbox.at(0), entries->front());
}

TEST_F(TransactionSenderTest, SignsWhatWasAskedFor) {
    clock.advance(Milliseconds(1'234));
    const storage::OutboxEntry entry = send_one(TxKind::submit);
    const DecodedTransaction sent = chain.sent_transactions().at(0);
    EXPECT_EQ(sent.sender, key.address());
    EXPECT_EQ(sent.hash, entry.hash);
    EXPECT_EQ(sent.transaction.chain_id, 60001u);
    EXPECT_EQ(sent.transaction.to, core);
    EXPECT_EQ(sent.transaction.data, (Bytes{1, 2, 3}));
    EXPECT_EQ(sent.transaction.gas_limit, 50'000u);
    EXPECT_EQ(sent.transaction.fees.max_fee_per_gas, chain.price);
    EXPECT_EQ(entry.kind, TxKind::submit);
    EXPECT_EQ(entry.created_at_unix_ms, 1'234);
}

TEST_F(TransactionSenderTest, SendsNothingAndFreesTheNonceWhenTheCommitFails) {
    const Result<Entries> refused = complete(io, sender->send({call()}, [](Entries) { return refuse(); }));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().message, "disk full");
    EXPECT_TRUE(chain.sent.empty());
    EXPECT_EQ(send_one().nonce, 0u);
}

TEST_F(TransactionSenderTest, DoesNotReuseANonceWhoseCommitFailedAndIsDurableAllTheSame) {
    outbox.put_error = transient_error("sync failed");
    outbox.fail_after_writing = true;
    EXPECT_FALSE(complete(io, sender->send_and_store(call())));
    const Bytes durable = outbox.at(0).raw;
    outbox.put_error.reset();
    EXPECT_EQ(send_one().nonce, 1u);
    EXPECT_EQ(outbox.at(0).raw, durable);
}

TEST_F(TransactionSenderTest, FreesTheNonceWhenTheCommitThrows) {
    const TransactionSender::Commit commit = [](Entries) -> Task<Result<void>> { throw std::runtime_error("bug"); };
    EXPECT_THROW(complete(io, sender->send({call()}, commit)), std::runtime_error);
    EXPECT_EQ(send_one().nonce, 0u);
}

TEST_F(TransactionSenderTest, CountsOnWithoutTheChain) {
    EXPECT_EQ(send_one().nonce, 0u);
    EXPECT_EQ(send_one().nonce, 1u);
    restart();
    EXPECT_EQ(send_one().nonce, 2u);
    EXPECT_EQ(outbox.full_reads, 0) << "a start does not read the history";
}

TEST_F(TransactionSenderTest, GoesOnBehindMinedEntriesThatAreNotMarked) {
    send_one();
    send_one();
    chain.mine();
    restart();
    EXPECT_EQ(send_one().nonce, 2u);
}

TEST_F(TransactionSenderTest, NeverFallsBehindMarkedEntriesWhenTheCountLags) {
    for (int i = 0; i < 3; ++i) {
        Entries side;
        Receipt receipt;
        receipt.block = 1;
        side.push_back(marked_mined(send_one(), receipt));
        ASSERT_TRUE(outbox.put(side));
    }
    restart();
    EXPECT_EQ(send_one().nonce, 3u);
}

TEST_F(TransactionSenderTest, GoesOnBehindForeignTransactions) {
    chain.use_nonce_elsewhere();
    chain.use_nonce_elsewhere();
    EXPECT_EQ(send_one().nonce, 2u);
}

TEST_F(TransactionSenderTest, TakesAFailedBroadcastForNoError) {
    chain.broadcast_error = transient_error("connection refused");
    EXPECT_EQ(send_one().nonce, 0u);
    EXPECT_EQ(outbox.size(), 1u);
}

TEST_F(TransactionSenderTest, EstimatesGasWithAMargin) {
    Intent intent = call();
    intent.gas_limit = 0;
    ASSERT_TRUE(complete(io, sender->send_and_store(intent)));
    EXPECT_EQ(chain.sent_transactions().at(0).transaction.gas_limit, 125'000u);
}

TEST_F(TransactionSenderTest, ReservesNothingForACallThatWouldBeReverted) {
    chain.estimate_error = permanent_error("eth_estimateGas was reverted: not REQUESTED");
    Intent intent = call();
    intent.gas_limit = 0;
    const Result<storage::OutboxEntry> refused = complete(io, sender->send_and_store(intent));
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message, HasSubstr("not REQUESTED"));
    EXPECT_EQ(outbox.size(), 0u);
}

TEST_F(TransactionSenderTest, CreatesContractsWithAGivenGasLimitAlone) {
    Intent creation = call();
    creation.to.reset();
    ASSERT_TRUE(complete(io, sender->send_and_store(creation)));
    EXPECT_FALSE(chain.sent_transactions().at(0).transaction.to);
    creation.gas_limit = 0;
    EXPECT_THAT(complete(io, sender->send_and_store(creation)).error().message, HasSubstr("gas limit"));
}

TEST_F(TransactionSenderTest, DoesNotPayWhatALyingEndpointAsks) {
    chain.price = to_wei(std::uint64_t{10'001'000'000'000});
    const Result<storage::OutboxEntry> refused = complete(io, sender->send_and_store(call()));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::transient);
    EXPECT_EQ(outbox.size(), 0u);
}

TEST_F(TransactionSenderTest, NeedsTheChainToSign) {
    chain.outage = transient_error("endpoint is down");
    EXPECT_EQ(complete(io, sender->send_and_store(call())).error(), *chain.outage);
    EXPECT_EQ(deposit(1, to_wei(std::uint64_t{5})).error(), *chain.outage);
    EXPECT_EQ(outbox.size(), 0u);
}

TEST_F(TransactionSenderTest, SendsDepositsAsAPairOfAdjacentNonces) {
    const Wei amount = *parse_coins("30");
    const Result<Entries> pair = deposit(1, amount);
    ASSERT_TRUE(pair) << pair.error().message;
    ASSERT_EQ(pair->size(), 2u);
    EXPECT_EQ((*pair)[0].kind, TxKind::approve);
    EXPECT_EQ((*pair)[1].kind, TxKind::process);
    EXPECT_EQ((*pair)[1].nonce, (*pair)[0].nonce + 1);
    EXPECT_EQ((*pair)[1].amount, amount);
    EXPECT_EQ((*pair)[1].job, numbered<JobId>(1));
    const std::vector<DecodedTransaction> sent = chain.sent_transactions();
    EXPECT_EQ(sent.at(0).transaction.to, token);
    EXPECT_EQ(sent.at(0).transaction.data, encode_approve(core, amount));
    EXPECT_EQ(sent.at(0).transaction.gas_limit, approve_gas_limit);
    EXPECT_EQ(sent.at(1).transaction.to, core);
    EXPECT_EQ(sent.at(1).transaction.data, encode_process(numbered<JobId>(1)));
    EXPECT_EQ(sent.at(1).transaction.gas_limit, process_gas_limit);
}

TEST_F(TransactionSenderTest, ApprovesTheSumOfDepositsThatAreNotMined) {
    Started<Result<Entries>> first(
        io, sender->send_deposit(numbered<JobId>(1), *parse_coins("30"), core, token, into_store()));
    Started<Result<Entries>> second(
        io, sender->send_deposit(numbered<JobId>(2), *parse_coins("12"), core, token, into_store()));
    settle(io);
    ASSERT_TRUE(first.ended() && second.ended());
    const std::vector<DecodedTransaction> sent = chain.sent_transactions();
    ASSERT_EQ(sent.size(), 4u);
    EXPECT_EQ(sent[0].transaction.data, encode_approve(core, *parse_coins("30")));
    EXPECT_EQ(sent[2].transaction.data, encode_approve(core, *parse_coins("42")));
    for (std::size_t i = 0; i < sent.size(); ++i) EXPECT_EQ(sent[i].transaction.nonce, i);

    chain.mine();
    ASSERT_TRUE(deposit(3, *parse_coins("5")));
    EXPECT_EQ(chain.sent_transactions().at(4).transaction.data, encode_approve(core, *parse_coins("5")));
}

TEST_F(TransactionSenderTest, LetsOneSendAtATimeChooseItsNonce) {
    std::vector<std::unique_ptr<Started<Result<storage::OutboxEntry>>>> sends;
    for (int i = 0; i < 10; ++i) {
        sends.push_back(std::make_unique<Started<Result<storage::OutboxEntry>>>(io, sender->send_and_store(call())));
    }
    settle(io);
    EXPECT_EQ(outbox.size(), 10u);
    for (std::size_t i = 0; i < sends.size(); ++i) EXPECT_EQ(sends[i]->result().value().nonce, i);
}

/// A commit that does not complete at once, like one on a real disk.
Task<Result<void>> put_later(storage::Outbox* outbox, Clock* clock, Entries entries) {
    const Result<void> done = outbox->put(entries);
    co_await clock->sleep(Milliseconds(10));
    co_return done;
}

TEST_F(TransactionSenderTest, KeepsWhatWasCommittedWhenItIsCancelled) {
    const TransactionSender::Commit commit = [this](Entries entries) {
        return put_later(&outbox, &clock, std::move(entries));
    };
    Started<Result<Entries>> sending(io, sender->send({call()}, commit));
    settle(io);
    sending.cancel();
    settle(io);
    ASSERT_TRUE(sending.ended());
    EXPECT_THROW(sending.result(), boost::system::system_error);
    EXPECT_EQ(outbox.size(), 1u);
    EXPECT_TRUE(chain.sent.empty());
    EXPECT_EQ(send_one().nonce, 1u) << "the lock is free, and the durable nonce is taken";
}

TEST_F(TransactionSenderTest, MarksEntries) {
    Entries side;
    Receipt receipt;
    receipt.block = 12;
    receipt.succeeded = true;
    side.push_back(marked_mined(send_one(), receipt));
    side.push_back(marked_taken(send_one(), 15));
    ASSERT_EQ(side.size(), 2u);
    EXPECT_EQ(side[0].mined_block, 12u);
    EXPECT_TRUE(side[0].succeeded);
    EXPECT_EQ(side[0].raw, outbox.at(0).raw);
    EXPECT_EQ(side[1].mined_block, 15u);
    EXPECT_FALSE(side[1].succeeded);
}

TEST_F(TransactionSenderTest, MarksWhichVariantWasMined) {
    storage::OutboxEntry entry = send_one();
    const storage::Replacement replacement{numbered<Hash256>(7), {1}, 0};
    entry.replacements = {replacement};
    Receipt receipt;
    receipt.block = 12;
    Entries side;
    for (const Hash256& mined : {replacement.hash, entry.hash}) {
        receipt.transaction = mined;
        side.push_back(marked_mined(entry, receipt));
    }
    EXPECT_EQ(side[0].mined_hash, replacement.hash);
    EXPECT_EQ(side[1].mined_hash, std::nullopt) << "the one signed first";
}

TEST_F(TransactionSenderTest, GoesOnWhenTheCountLagsBehindWhatItSent) {
    send_one();
    send_one();
    chain.mine();
    chain.count_lag = 2;
    EXPECT_EQ(send_one().nonce, 2u);
    restart();
    EXPECT_EQ(send_one().nonce, 3u);
}

}  // namespace
}  // namespace emeth::chain::test
