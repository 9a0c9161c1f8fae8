// Stuck transactions on a real node: the base fee rises above what was offered, and they are replaced at their nonces.
#include "chain/encoding/transaction.hpp"
#include "chain/fee_policy.hpp"
#include "chain/sender/fee_bump.hpp"
#include "deployed_network.hpp"

namespace emeth::chain::test {
namespace {

using emeth::test::Started;
using storage::OutboxEntry;
using storage::TxKind;

class ReplacementOnAnvil : public DeployedNetwork {
protected:
    ReplacementOnAnvil() { rpc_call("evm_setAutomine", {false}); }

    /// A block whose base fee is so high.
    void mine_at(std::uint64_t base_fee_gwei) {
        rpc_call("anvil_setNextBlockBaseFeePerGas", {to_u256(gwei_to_wei(base_fee_gwei)).str()});
        mine(1);
    }
    /// Blocks at that base fee, while the sender runs, until `done`.
    template <class Condition>
    void mine_until(std::uint64_t base_fee_gwei, Condition done) {
        Started<void> running(io, sender->run());
        for (int block = 0; block < 500 && !done(); ++block) {
            mine_at(base_fee_gwei);
            run(system_clock().sleep(Milliseconds(20)));
        }
        EXPECT_TRUE(done());
        running.cancel();
        run_until([&] { return running.ended(); });
    }
    OutboxEntry entry(std::uint64_t nonce) { return outbox->find(nonce).value().value(); }
    std::uint64_t nonces_used() { return run(chain->transaction_count(address(node))).value(); }

    static constexpr std::uint64_t dear = 200;
    const Wei fee = *parse_coins("30");
};

TEST_F(ReplacementOnAnvil, AStuckDepositIsReplacedAndLockedOnce) {
    rpc_call("evm_setAutomine", {true});
    const JobId job = request(fee);
    rpc_call("evm_setAutomine", {false});
    const auto pair = run(sender->send_deposit(job, fee, core, token, into_store())).value();
    mine_at(dear);
    ASSERT_EQ(nonces_used(), 0u) << "the block holds nothing that pays less than its base fee";
    Started<Result<TxOutcome>> waiting(io, sender->await_outcome(pair[1].nonce, pair[1].hash));
    mine_until(dear, [&] { return waiting.ended(); });

    const Receipt process = waiting.result().value().receipt;
    EXPECT_TRUE(process.succeeded);
    ASSERT_FALSE(entry(1).replacements.empty());
    EXPECT_EQ(process.transaction, entry(1).replacements.back().hash);
    EXPECT_FALSE(has_receipt(pair[1].hash));
    EXPECT_EQ(nonces_used(), 2u);
    EXPECT_EQ(times(job, JobStatus::processing), 1);
    EXPECT_EQ(run(chain->job_assign(job))->node, address(node));
    EXPECT_EQ(format_coins(*run(chain->emt_balance(address(node)))), "970") << "one deposit";
    EXPECT_TRUE(run(chain->emt_allowance(address(node), core))->is_zero()) << "one approve, used up";
}

TEST_F(ReplacementOnAnvil, AStuckSubmitIsReplacedAndTakesEffectOnce) {
    rpc_call("evm_setAutomine", {true});
    const JobId job = request(fee);
    process(job, fee);
    rpc_call("evm_setAutomine", {false});
    const OutboxEntry submit =
        run(sender->send_and_store(intent(TxKind::submit, encode_submit(job, "result.tar")))).value();
    Started<Result<TxOutcome>> waiting(io, sender->await_outcome(submit.nonce, submit.hash));
    mine_until(dear, [&] { return waiting.ended(); });
    EXPECT_TRUE(waiting.result().value().receipt.succeeded);
    EXPECT_FALSE(entry(submit.nonce).replacements.empty());
    EXPECT_EQ(times(job, JobStatus::submitted), 1);
    EXPECT_EQ(nonces_used(), submit.nonce + 1);
}

TEST_F(ReplacementOnAnvil, AnEarlierVariantMayBeTheOneThatIsMined) {
    rpc_call("evm_setAutomine", {true});
    const JobId job = request(fee);
    process(job, fee);
    rpc_call("evm_setAutomine", {false});
    const OutboxEntry submit =
        run(sender->send_and_store(intent(TxKind::submit, encode_submit(job, "result.tar")))).value();
    // Another node of the network still has the first variant and mines it when the price has fallen again.
    mine_until(dear, [&] { return !entry(submit.nonce).replacements.empty() || nonces_used() > submit.nonce; });
    if (nonces_used() > submit.nonce) rpc_call("anvil_rollback", {1});
    for (const Hash256& hash : entry(submit.nonce).hashes()) rpc_call("anvil_dropTransaction", {hash.hex()});
    mine_at(1);
    ASSERT_EQ(nonces_used(), submit.nonce);
    ASSERT_TRUE(run(chain->send_raw(submit.raw)));
    mine_at(1);
    const TxOutcome outcome = wait_for(submit);
    EXPECT_TRUE(outcome.receipt.succeeded);
    EXPECT_EQ(outcome.receipt.transaction, submit.hash);
    EXPECT_EQ(times(job, JobStatus::submitted), 1);
}

TEST_F(ReplacementOnAnvil, ARealPoolTakesTheReplacementForTheFirst) {
    rpc_call("evm_setAutomine", {true});
    const JobId job = request(fee);
    process(job, fee);
    rpc_call("evm_setAutomine", {false});
    const OutboxEntry submit =
        run(sender->send_and_store(intent(TxKind::submit, encode_submit(job, "result.tar")))).value();
    Transaction dearer = decode_transaction(submit.raw)->transaction;
    // The least that decide_bump ever offers is enough for the node's rule.
    const auto least = decide_bump(
        dearer.fees, {saturating_sum(dearer.fees.max_fee_per_gas, to_wei(std::uint64_t{1})), {}}, gwei_to_wei(1'000));
    ASSERT_TRUE(least.offer);
    dearer.fees = *least.offer;
    const SignedTransaction made = sign(dearer, keys.at(node));
    ASSERT_TRUE(outbox->add_replacement(submit.nonce, {made.hash, made.raw, 0}));
    EXPECT_TRUE(run(chain->send_raw(made.raw)));
    mine(1);
    EXPECT_EQ(outcome(submit).transaction, made.hash);
    EXPECT_FALSE(has_receipt(submit.hash));
}

}  // namespace
}  // namespace emeth::chain::test
