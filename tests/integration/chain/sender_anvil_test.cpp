// The transaction sender on a real node: restarts, reorganisations, both kinds of fees.
#include "chain/encoding/transaction.hpp"
#include "chain/sender/outbox_policy.hpp"
#include "deployed_network.hpp"

namespace emeth::chain::test {
namespace {

using emeth::test::Started;
using storage::TxKind;
using testing::HasSubstr;

class SenderOnAnvil : public DeployedNetwork {
protected:
    using DeployedNetwork::DeployedNetwork;

    const Wei fee = *parse_coins("30");
};

/// The process is killed between commit and broadcast: nothing ever leaves it.
class DeadWire : public RpcChain {
public:
    using RpcChain::RpcChain;
    Task<Result<void>> send_raw(Bytes) override { co_return Result<void>(); }
};

TEST_F(SenderOnAnvil, SendsAfterARestartWhatWasOnlyCommittedBefore) {
    const JobId job = request(fee);
    DeadWire dead_wire(rpc, core, token);
    sender = make_sender(dead_wire);
    const auto pair = run(sender->send_deposit(job, fee, core, token, into_store())).value();
    EXPECT_EQ(run(chain->transaction_count(address(node))).value(), 0u);

    sender = make_sender(*chain);
    Started<void> running(io, sender->run());
    for (const storage::OutboxEntry& entry : pair) EXPECT_TRUE(outcome(entry).succeeded);
    running.cancel();
    run_until([&] { return running.ended(); });
    EXPECT_EQ(run(chain->job_assign(job))->node, address(node));
    EXPECT_EQ(run(chain->transaction_count(address(node))).value(), 2u) << "taken once each";
}

TEST_F(SenderOnAnvil, MinesConcurrentDepositsWithOneAllowanceEach) {
    const JobId first = request(fee), second = request(fee);
    using Sending = Started<Result<std::vector<storage::OutboxEntry>>>;
    Sending one(io, sender->send_deposit(first, fee, core, token, into_store()));
    Sending two(io, sender->send_deposit(second, fee, core, token, into_store()));
    run_until([&] { return one.ended() && two.ended(); });
    for (const auto& pair : {one.result().value(), two.result().value()}) {
        for (const storage::OutboxEntry& entry : pair) EXPECT_TRUE(outcome(entry).succeeded);
    }
    EXPECT_EQ(format_coins(*run(chain->emt_balance(address(node)))), "940");
}

TEST_F(SenderOnAnvil, KeepsAStandingAllowanceWithinItsCap) {
    const Wei cap = *parse_coins("75");
    sender = make_sender(*chain, 1, cap);
    Started<void> running(io, sender->run());
    std::vector<std::size_t> signed_transactions;
    for (int deposits = 0; deposits < 5; ++deposits) {
        const JobId job = request(fee);
        const auto entries = run(sender->send_deposit(job, fee, core, token, into_store())).value();
        signed_transactions.push_back(entries.size());
        for (const storage::OutboxEntry& entry : entries) {
            const Receipt receipt = outcome(entry);
            EXPECT_TRUE(receipt.succeeded);
            ASSERT_TRUE(outbox->put({marked_mined(entry, receipt)}));
            EXPECT_LE(*run(chain->emt_allowance(address(node), core)), cap);
        }
        EXPECT_EQ(run(chain->job_assign(job))->node, address(node));
    }
    running.cancel();
    run_until([&] { return running.ended(); });
    EXPECT_EQ(signed_transactions, (std::vector<std::size_t>{2, 1, 2, 1, 2})) << "two deposits of 30 fit into 75";
    EXPECT_EQ(format_coins(*run(chain->emt_balance(address(node)))), "850");
}

TEST_F(SenderOnAnvil, OffersAFeeMarketTransactionWhereThereIsABaseFee) {
    const Fees fees = run(chain->fees()).value();
    ASSERT_TRUE(fees.priority_fee_per_gas);
    process(request(fee), fee);
    EXPECT_EQ(outbox->all().value().at(0).raw.front(), 2);
}

TEST_F(SenderOnAnvil, SurvivesAReorganisation) {
    sender = make_sender(*chain, 3);
    const JobId job = request(fee);
    Started<void> running(io, sender->run());
    const auto pair = run(sender->send_deposit(job, fee, core, token, into_store())).value();
    Started<Result<TxOutcome>> waiting(io, sender->await_outcome(pair[1].nonce, pair[1].hash));
    run_until([&] { return has_receipt(pair[1].hash); });
    const std::uint64_t block = run(chain->receipt(pair[1].hash)).value()->block;

    rpc_call("anvil_rollback", {2});
    mine(1);  // another block takes the place
    run_until([&] { return has_receipt(pair[1].hash); });
    EXPECT_FALSE(waiting.ended());
    mine(3);
    run_until([&] { return waiting.ended(); });
    const Receipt receipt = waiting.result().value().receipt;
    EXPECT_TRUE(receipt.succeeded);
    EXPECT_GT(receipt.block, block);
    running.cancel();
    run_until([&] { return running.ended(); });
    EXPECT_EQ(run(chain->job(job))->status, JobStatus::processing);
}

TEST_F(SenderOnAnvil, NamesTheRemedyWhenThereIsNoGasMoney) {
    rpc_call("anvil_setBalance", {address(node).hex(), "0x1"});
    Intent poor = intent(TxKind::other, encode_cancel(JobId{}));
    poor.gas_limit = 100'000;
    const storage::OutboxEntry entry = run(sender->send_and_store(poor)).value();
    const Result<void> refused = run(chain->send_raw(entry.raw));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::transient);
    EXPECT_THAT(refused.error().message, HasSubstr("send ALT to this wallet"));
}

TEST_F(SenderOnAnvil, KnowsUsedNoncesAndRepeatedTransactions) {
    const JobId job = request(fee);
    process(job, fee);
    const storage::OutboxEntry mined = outbox->all().value().at(0);
    const Result<void> repeated = run(chain->send_raw(mined.raw));
    ASSERT_FALSE(repeated);
    EXPECT_EQ(repeated.error().kind, ErrorKind::permanent);
    EXPECT_THAT(repeated.error().message, HasSubstr("nonce too low"));

    rpc_call("evm_setAutomine", {false});
    const storage::OutboxEntry waiting =
        run(sender->send_and_store(intent(TxKind::submit, encode_submit(job, "result.tar")))).value();
    EXPECT_TRUE(run(chain->send_raw(waiting.raw))) << "already known is success";
    mine(1);
    EXPECT_TRUE(outcome(waiting).succeeded);
}

class SenderOnLegacyChain : public SenderOnAnvil {
protected:
    SenderOnLegacyChain() : SenderOnAnvil({"--hardfork", "berlin"}) {}
};

TEST_F(SenderOnLegacyChain, OffersAGasPriceWhereThereIsNoBaseFee) {
    const Fees fees = run(chain->fees()).value();
    EXPECT_FALSE(fees.priority_fee_per_gas);
    EXPECT_EQ(fees.max_fee_per_gas, run(chain->gas_price()).value());
    process(request(fee), fee);
    const storage::OutboxEntry entry = outbox->all().value().at(0);
    EXPECT_FALSE(decode_transaction(entry.raw)->transaction.fees.priority_fee_per_gas);
    EXPECT_EQ(outcome(entry).gas_price, fees.max_fee_per_gas);
}

}  // namespace
}  // namespace emeth::chain::test
