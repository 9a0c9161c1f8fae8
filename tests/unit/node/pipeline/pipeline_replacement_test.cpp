// A JOB whose transactions are priced too low to be mined: they are replaced at the same nonce, and whichever variant
// is mined counts, once.
#include "chain/amount.hpp"
#include "chain/encoding/emeth_core.hpp"
#include "chain/fee_policy.hpp"
#include "node_world.hpp"
#include "unit/runtime/run_task.hpp"

namespace emeth::test {
namespace {

namespace sm = statemachine;
using storage::TxKind;

class PipelineReplacementTest : public NodeWorld {
protected:
    /// Nodes ask 3 gwei for transactions with this call from now on; the endpoint says so only once `price_rises`.
    void make_too_cheap(chain::Bytes call) {
        const auto selector = [](const chain::Bytes& data) { return chain::Bytes(data.begin(), data.begin() + 4); };
        chain.leaves_waiting = [call = selector(call), selector](const chain::Transaction& transaction) {
            return selector(transaction.data) == call && transaction.fees.max_fee_per_gas < chain::gwei_to_wei(3);
        };
    }
    void price_rises() { chain.price_of_gas = chain::gwei_to_wei(3); }

    storage::OutboxEntry entry_of(TxKind kind) {
        for (const auto& entry : real_store->outbox().all().value())
            if (entry.kind == kind) return entry;
        return {};
    }
    bool is_replaced(TxKind kind) { return !entry_of(kind).replacements.empty(); }
    void send(const chain::Bytes& raw) {
        Started<Result<void>> sending(io, chain.send_raw(raw));
        settle(io);
        ASSERT_TRUE(sending.ended());
        EXPECT_TRUE(sending.result().has_value());
    }
    /// One deposit, one submit, and an outbox that knows which variants they were.
    void expect_settled_once(TxKind kind, const Hash256& mined) {
        expect_verified_once();
        EXPECT_TRUE(real_store->outbox().pending().value().empty());
        const auto entry = entry_of(kind);
        EXPECT_EQ(entry.mined_hash.value_or(entry.hash), mined);
        EXPECT_TRUE(entry.has_variant(mined));
    }
};

TEST_F(PipelineReplacementTest, AStuckDepositIsReplacedAndLockedOnce) {
    make_too_cheap(chain::encode_process(job_id));
    start(true);
    ASSERT_TRUE(run_until([this] { return count<sm::DepositSigned>() == 1; }));
    price_rises();
    ASSERT_TRUE(run_until_state(sm::State::verified));
    const auto entry = entry_of(TxKind::process);
    ASSERT_EQ(entry.replacements.size(), 1U);
    EXPECT_EQ(record().deposit.process->hash, entry.replacements.front().hash)
        << "the record names the one that was mined";
    EXPECT_EQ(count<sm::DepositSigned>(), 1);
    expect_settled_once(TxKind::process, entry.replacements.front().hash);
}

TEST_F(PipelineReplacementTest, AStuckApproveIsReplacedAndSettled) {
    make_too_cheap(chain::encode_approve(chain.network.core, Wei{}));
    start(true);
    ASSERT_TRUE(run_until([this] { return count<sm::DepositSigned>() == 1; }));
    price_rises();
    ASSERT_TRUE(run_until_state(sm::State::verified));
    ASSERT_TRUE(is_replaced(TxKind::approve));
    EXPECT_EQ(chain.mined("approve"), 1);
    expect_settled_once(TxKind::approve, entry_of(TxKind::approve).replacements.front().hash);
}

TEST_F(PipelineReplacementTest, AStuckSubmitIsReplacedAndTakesEffectOnce) {
    make_too_cheap(chain::encode_submit(job_id, ""));
    start(true);
    ASSERT_TRUE(run_until([this] { return count<sm::SubmitSigned>() == 1; }));
    price_rises();
    ASSERT_TRUE(run_until_state(sm::State::verified));
    ASSERT_TRUE(is_replaced(TxKind::submit));
    EXPECT_EQ(record().outcome.submit->hash, entry_of(TxKind::submit).replacements.front().hash);
    expect_settled_once(TxKind::submit, record().outcome.submit->hash);
}

TEST_F(PipelineReplacementTest, AStuckDeclineIsReplacedAndItsPenaltyFound) {
    hub.script.pop_back();  // trains for ever
    make_too_cheap(chain::encode_decline(job_id));
    start(true);
    ASSERT_TRUE(run_until_state(sm::State::training));
    ASSERT_TRUE(pipeline().request_decline("the operator declined it").has_value());
    ASSERT_TRUE(run_until([this] { return count<sm::DeclineSigned>() == 1; }));
    price_rises();
    ASSERT_TRUE(run_until_state(sm::State::declined));
    ASSERT_TRUE(is_replaced(TxKind::decline));
    EXPECT_EQ(record().outcome.decline->hash, entry_of(TxKind::decline).replacements.front().hash);
    EXPECT_EQ(record().outcome.penalty, chain::parse_coins("5").value());
    EXPECT_EQ(chain.mined("decline"), 1);
    EXPECT_TRUE(real_store->jobs().verify(job_id).has_value());
}

TEST_F(PipelineReplacementTest, AnEarlierVariantMayBeTheOneThatIsMined) {
    make_too_cheap(chain::encode_process(job_id));
    start(true);
    ASSERT_TRUE(run_until([this] { return count<sm::DepositSigned>() == 1; }));
    // Even the replacement waits.
    chain.leaves_waiting = [all = chain::encode_process(job_id)](const chain::Transaction& transaction) {
        return transaction.data == all;
    };
    price_rises();
    ASSERT_TRUE(run_until([this] { return is_replaced(TxKind::process); }));
    chain.leaves_waiting = nullptr;
    const auto first = entry_of(TxKind::process);
    send(first.raw);
    ASSERT_TRUE(run_until_state(sm::State::verified));
    EXPECT_EQ(record().deposit.process->hash, first.hash);
    expect_settled_once(TxKind::process, first.hash);
}

TEST_F(PipelineReplacementTest, AProcessThatDiedAroundAReplacementGoesOnWithIt) {
    make_too_cheap(chain::encode_process(job_id));
    start(true);
    ASSERT_TRUE(run_until([this] { return count<sm::DepositSigned>() == 1; }));
    price_rises();
    bool before = true;
    int crashes = 0;
    // Crashes before and after every write until the deposit is confirmed, including the write of the replacement.
    for (; crashes < 40 && record().state == sm::State::discovered; ++crashes, before = !before) {
        store->crash_at(1, before);
        run_until_state(sm::State::accepted, 600);
        kill();
        start();
    }
    EXPECT_GT(crashes, 2);
    ASSERT_TRUE(run_until_state(sm::State::verified));
    expect_settled_once(TxKind::process, record().deposit.process->hash);
}

TEST_F(PipelineReplacementTest, AReorganisationToAnotherVariantTakesNothingBack) {
    verifier_verifies = false;
    make_too_cheap(chain::encode_submit(job_id, ""));
    start(true);
    ASSERT_TRUE(run_until([this] { return count<sm::SubmitSigned>() == 1; }));
    price_rises();
    ASSERT_TRUE(run_until_state(sm::State::submitted));
    const auto entry = entry_of(TxKind::submit);
    ASSERT_EQ(record().outcome.submit->hash, entry.replacements.at(0).hash);
    chain.leaves_waiting = nullptr;
    chain.take_back(chain.head() - record().outcome.submit->block + 1);
    send(entry.raw);
    run_for(30);
    EXPECT_EQ(count<sm::ReorgedOut>(), 0) << "the result is on chain, as before";
    verifier_verifies = true;
    ASSERT_TRUE(run_until_state(sm::State::verified));
    EXPECT_EQ(chain.receipts.count(entry.hash), 1U);
    EXPECT_TRUE(real_store->jobs().verify(job_id).has_value());
}

TEST_F(PipelineReplacementTest, AReplacementThatAReorganisationTookBackIsSentAgain) {
    hub.script.pop_back();
    make_too_cheap(chain::encode_process(job_id));
    start(true);
    ASSERT_TRUE(run_until([this] { return count<sm::DepositSigned>() == 1; }));
    price_rises();
    ASSERT_TRUE(run_until_state(sm::State::training));
    chain.take_back(chain.head() - record().deposit.process->block + 1);
    ASSERT_TRUE(run_until([this] { return count<sm::ReorgedOut>() == 1; }));
    ASSERT_TRUE(run_until([this] { return count<sm::ProcessConfirmed>() == 2; }));
    EXPECT_EQ(count<sm::DepositSigned>(), 1);
    EXPECT_EQ(entry_of(TxKind::process).replacements.size(), 1U);
    hub.send(job_id, worker_protocol::Trained{artifact});
    ASSERT_TRUE(run_until_state(sm::State::verified));
    EXPECT_TRUE(real_store->jobs().verify(job_id).has_value());
}

TEST_F(PipelineReplacementTest, AForeignTransactionOnTheNonceOfAReplacedOneLeadsToANewPair) {
    chain.leaves_waiting = [](const chain::Transaction&) { return true; };
    start(true);
    ASSERT_TRUE(run_until([this] { return count<sm::DepositSigned>() == 1; }));
    price_rises();
    ASSERT_TRUE(run_until([this] { return is_replaced(TxKind::approve); }));
    chain.transaction_counts[key.address()] += 2;  // the key was used elsewhere
    ASSERT_TRUE(run_until([this] { return count<sm::ProcessReverted>() == 1; }));
    chain.leaves_waiting = nullptr;
    ASSERT_TRUE(run_until_state(sm::State::verified));
    expect_verified_once();
    EXPECT_EQ(count<sm::DepositSigned>(), 2);
    EXPECT_TRUE(real_store->outbox().pending().value().empty());
}

}  // namespace
}  // namespace emeth::test
