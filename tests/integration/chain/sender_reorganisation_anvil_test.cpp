// Reorganisations of a real node that drop or reorder what was mined: it is sent again, and takes effect exactly once.
#include "chain/encoding/transaction.hpp"
#include "chain/sender/outbox_policy.hpp"
#include "deployed_network.hpp"

namespace emeth::chain::test {
namespace {

using emeth::test::Started;
using storage::OutboxEntry;
using storage::TxKind;

class ReorganisationOnAnvil : public DeployedNetwork {
protected:
    ReorganisationOnAnvil() { start(); }
    ~ReorganisationOnAnvil() override { stop(); }

    void start() { running = std::make_unique<Started<void>>(io, sender->run()); }
    void stop() {
        if (!running) return;
        running->cancel();
        run_until([&] { return running->ended(); });
        running.reset();
    }
    /// As a JOB does with its own commit.
    void mark_mined(const OutboxEntry& entry) { ASSERT_TRUE(outbox->put({marked_mined(entry, outcome(entry))})); }
    OutboxEntry submit(const JobId& job) {
        return run(sender->send_and_store(intent(TxKind::submit, encode_submit(job, "result.tar")))).value();
    }
    std::uint64_t head() { return run(chain->latest_block())->number; }
    std::uint64_t block_of(const OutboxEntry& entry) { return run(chain->receipt(entry.hash)).value()->block; }
    /// Blocks back to the one before the entry's.
    std::uint64_t depth_of(const OutboxEntry& entry) { return head() - block_of(entry) + 1; }
    void expect_one_deposit(const JobId& job) {
        EXPECT_EQ(times(job, JobStatus::processing), 1);
        EXPECT_EQ(run(chain->job_assign(job))->node, address(node));
        EXPECT_EQ(format_coins(*run(chain->emt_balance(address(node)))), "970");
    }

    std::unique_ptr<Started<void>> running;
    const Wei fee = *parse_coins("30");
};

TEST_F(ReorganisationOnAnvil, ADepositThatWasDroppedIsSentAgain) {
    const JobId job = request(fee);
    const auto pair = run(sender->send_deposit(job, fee, core, token, into_store())).value();
    for (const OutboxEntry& entry : pair) mark_mined(entry);
    mine(2);
    rpc_call("anvil_reorg", {depth_of(pair[0]), boost::json::array{}});
    run_until([&] { return has_receipt(pair[1].hash); });
    EXPECT_TRUE(outcome(pair[1]).succeeded);
    expect_one_deposit(job);
    EXPECT_EQ(run(chain->transaction_count(address(node))).value(), 2u);
    EXPECT_EQ(outbox->all().value().size(), 2u) << "nothing is signed anew";
}

TEST_F(ReorganisationOnAnvil, ASubmitThatWasDroppedIsSentAgain) {
    const JobId job = request(fee);
    process(job, fee);
    const OutboxEntry entry = submit(job);
    mark_mined(entry);
    ASSERT_EQ(run(chain->job(job))->status, JobStatus::submitted);
    mine(1);
    rpc_call("anvil_reorg", {depth_of(entry), boost::json::array{}});
    run_until([&] { return has_receipt(entry.hash); });
    EXPECT_EQ(run(chain->job(job))->status, JobStatus::submitted);
    EXPECT_EQ(times(job, JobStatus::submitted), 1);
    expect_one_deposit(job);
}

TEST_F(ReorganisationOnAnvil, AWholeJobThatWasRolledBackIsSentAgainInOrder) {
    const JobId job = request(fee);
    const auto pair = run(sender->send_deposit(job, fee, core, token, into_store())).value();
    for (const OutboxEntry& entry : pair) mark_mined(entry);
    const OutboxEntry last = submit(job);
    mark_mined(last);
    rpc_call("anvil_rollback", {depth_of(pair[0])});
    run_until([&] { return has_receipt(last.hash); });
    for (const OutboxEntry& entry : {pair[0], pair[1], last}) EXPECT_TRUE(outcome(entry).succeeded);
    EXPECT_EQ(run(chain->job(job))->status, JobStatus::submitted);
    EXPECT_EQ(times(job, JobStatus::submitted), 1);
    expect_one_deposit(job);
}

TEST_F(ReorganisationOnAnvil, ADepositThatWasMovedToOtherBlocksStands) {
    sender = (stop(), make_sender(*chain, 4));
    start();
    const JobId job = request(fee);
    const auto pair = run(sender->send_deposit(job, fee, core, token, into_store())).value();
    Started<Result<TxOutcome>> waiting(io, sender->await_outcome(pair[1].nonce, pair[1].hash));
    run_until([&] { return has_receipt(pair[1].hash); });
    const std::uint64_t before = block_of(pair[1]);
    mine(1);
    // The other chain holds the two in its second and third block.
    const std::uint64_t depth = depth_of(pair[0]);
    boost::json::array moved{boost::json::array{to_hex(pair[0].raw), 1}, boost::json::array{to_hex(pair[1].raw), 2}};
    rpc_call("anvil_reorg", {depth, moved});
    EXPECT_FALSE(waiting.ended());
    EXPECT_NE(block_of(pair[1]), before);
    mine(4);
    run_until([&] { return waiting.ended(); });
    const Receipt receipt = waiting.result().value().receipt;
    EXPECT_TRUE(receipt.succeeded);
    EXPECT_EQ(receipt.block, block_of(pair[1])) << "the outcome is of the chain that stayed";
    expect_one_deposit(job);
}

TEST_F(ReorganisationOnAnvil, ADepositThatAnotherNodeOvertookOnTheOtherChainEndsReverted) {
    transact(owner, token, encode_mint(address(other), *parse_coins("1000")));
    transact(other, token, encode_approve(core, *parse_coins("1000")));
    const JobId job = request(fee);
    const auto pair = run(sender->send_deposit(job, fee, core, token, into_store())).value();
    ASSERT_TRUE(outcome(pair[1]).succeeded);
    stop();
    rpc_call("anvil_rollback", {depth_of(pair[0])});
    ASSERT_TRUE(transact(other, core, encode_process(job)).succeeded);
    start();
    run_until([&] { return has_receipt(pair[1].hash); });
    const TxOutcome ended = wait_for(pair[1]);
    EXPECT_FALSE(ended.receipt.succeeded);
    EXPECT_NE(ended.revert_reason, "");
    EXPECT_EQ(run(chain->job_assign(job))->node, address(other));
    EXPECT_EQ(format_coins(*run(chain->emt_balance(address(node)))), "1000") << "no deposit is locked";
}

TEST_F(ReorganisationOnAnvil, ANonceThatTheOtherChainGaveToAForeignTransactionIsFoundOut) {
    const JobId job = request(fee);
    process(job, fee);
    const OutboxEntry entry = submit(job);
    ASSERT_TRUE(outcome(entry).succeeded);
    stop();
    rpc_call("anvil_rollback", {depth_of(entry)});
    transact(node, token, encode_approve(core, Wei{}));  // with the node's key, by another program
    start();
    const Result<TxOutcome> ended = run(sender->await_outcome(entry.nonce, entry.hash));
    ASSERT_FALSE(ended);
    EXPECT_EQ(ended.error().kind, ErrorKind::permanent);
    EXPECT_EQ(run(chain->job(job))->status, JobStatus::processing);
    // A new one takes the next nonce.
    const OutboxEntry again = submit(job);
    EXPECT_EQ(again.nonce, entry.nonce + 1);
    EXPECT_TRUE(outcome(again).succeeded);
    EXPECT_EQ(times(job, JobStatus::submitted), 1);
}

}  // namespace
}  // namespace emeth::chain::test
