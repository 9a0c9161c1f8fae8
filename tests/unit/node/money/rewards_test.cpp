// Withdrawals of closed slots through the real sender and a real store.
#include "node/money/rewards.hpp"

#include <gtest/gtest.h>

#include "chain/amount.hpp"
#include "chain/encoding/emeth_core.hpp"
#include "node_world.hpp"
#include "support/io_fixture.hpp"

namespace emeth::test {
namespace {

class RewardsTest : public IoFixture {
protected:
    RewardsTest() { chain.slots[slot_with_gas] = {slot_with_gas, 10, 5, wei(5)}; }

    /// Runs a call while virtual time passes and blocks are mined.
    template <class T>
    Result<T> while_time_passes(Task<Result<T>> task) {
        std::optional<Result<T>> result;
        auto store_it = [](Task<Result<T>> work, std::optional<Result<T>>* out) -> Task<> {
            Result<T> value = co_await std::move(work);
            out->emplace(std::move(value));
        };
        asio::co_spawn(io, store_it(std::move(task), &result), [](std::exception_ptr error) {
            if (error) std::rethrow_exception(error);
        });
        for (int n = 0; n < 1'000 && !result; ++n) {
            io.restart();
            while (io.poll() > 0) {
            }
            chain.mine();
            if (!result && !clock.advance()) break;
        }
        return result.value();
    }

    /// The fake chain begins in this slot; its blocks are a second apart.
    static constexpr std::uint64_t first_slot = 1'700'000'000 / 86'400;
    static constexpr std::uint64_t slot_with_gas = first_slot;
    void close_the_first_slot() {
        const auto until_midnight = 86'400 - 1'700'000'000 % 86'400;
        chain.mine(static_cast<std::uint64_t>(until_midnight) + 3);
    }

    /// A withdrawal of the closed slot that the chain does not take, until ignores_transactions is false again.
    storage::OutboxEntry send_unmined() {
        close_the_first_slot();
        chain.ignores_transactions = true;
        chain::Intent intent;
        intent.kind = storage::TxKind::withdraw;
        intent.to = chain.network.core;
        intent.data = chain::encode_withdraw_slot_reward(slot_with_gas);
        return while_time_passes(sender.send_and_store(std::move(intent))).value();
    }

    static chain::SenderOptions sender_options() {
        chain::SenderOptions options;
        options.chain_id = 31'337;
        return options;
    }

    TemporaryFolder folder;
    VirtualClock clock{io.get_executor()};
    ExecutingChain chain;
    BlockingPool pool{0};
    crypto::PrivateKey key =
        crypto::PrivateKey::parse("0x4646464646464646464646464646464646464646464646464646464646464646").value();
    std::unique_ptr<storage::NodeStore> store =
        storage::NodeStore::open(folder / "store", storage::OpenMode::read_write).value();
    chain::TransactionSender sender{io.get_executor(), chain::SenderPorts{chain, store->outbox(), pool, clock, key},
                                    sender_options()};
    node::Rewards rewards{io.get_executor(),
                          node::RewardsPorts{chain, sender, store->outbox(), store->notes(), pool, clock},
                          node::RewardsOptions{chain.network.core, chain.network.token, 2, Milliseconds(1'000)}};
};

TEST_F(RewardsTest, AnOpenSlotIsLeftAlone) {
    EXPECT_TRUE(while_time_passes(rewards.withdraw_due()).value().empty());
    const auto refused = while_time_passes(rewards.withdraw_slot(slot_with_gas));
    ASSERT_TRUE(refused.has_error());
    EXPECT_NE(refused.error().message.find("not closed yet"), std::string::npos);
}

TEST_F(RewardsTest, AClosedSlotIsFetchedOnce) {
    close_the_first_slot();
    const auto fetched = while_time_passes(rewards.withdraw_due()).value();
    ASSERT_EQ(fetched.size(), 1U);
    EXPECT_EQ(fetched[0].slot, slot_with_gas);
    EXPECT_EQ(fetched[0].amount, wei(1'000'000));
    EXPECT_EQ(rewards.withdrawn(), wei(1'000'000));
    EXPECT_EQ(store->notes().cursor("withdraw/" + std::to_string(slot_with_gas)).value(), "1000000");
    EXPECT_EQ(store->notes().cursor("withdraw/next").value(), std::nullopt) << "it is looked at for an hour more";
    chain.mine(3'600);
    EXPECT_TRUE(while_time_passes(rewards.withdraw_due()).value().empty());
    EXPECT_EQ(store->notes().cursor("withdraw/next").value(), std::to_string(first_slot + 1));
    EXPECT_TRUE(while_time_passes(rewards.withdraw_due()).value().empty());
    EXPECT_EQ(chain.mined("withdraw"), 1);
    EXPECT_EQ(rewards.withdrawn(), wei(1'000'000)) << "once";
    const auto again = while_time_passes(rewards.withdraw_slot(slot_with_gas));
    ASSERT_TRUE(again.has_error());
    EXPECT_NE(again.error().message.find("withdrawn already"), std::string::npos);
}

TEST_F(RewardsTest, WhatATokenWithoutEventsMintsIsReadFromTheBalances) {
    chain.logs_mints = false;
    close_the_first_slot();
    const auto fetched = while_time_passes(rewards.withdraw_due()).value();
    ASSERT_EQ(fetched.size(), 1U);
    EXPECT_EQ(fetched[0].amount, wei(1'000'000));
    EXPECT_EQ(store->notes().cursor("withdraw/" + std::to_string(slot_with_gas)).value(), "1000000");
}

TEST_F(RewardsTest, AnAmountThatNobodyCanTellIsUnknownAndNotZero) {
    chain.logs_mints = false;
    chain.forgets_balances = true;
    close_the_first_slot();
    const auto fetched = while_time_passes(rewards.withdraw_due()).value();
    ASSERT_EQ(fetched.size(), 1U);
    EXPECT_EQ(fetched[0].amount, std::nullopt);
    EXPECT_EQ(rewards.withdrawn(), Wei{});
    EXPECT_EQ(store->notes().cursor("withdraw/" + std::to_string(slot_with_gas)).value(), "unknown");
}

TEST_F(RewardsTest, AClosedSlotThatALaggingEndpointShowsEmptyIsLookedAtAgain) {
    chain.slots[slot_with_gas].own_balance = Wei{};
    close_the_first_slot();
    EXPECT_TRUE(while_time_passes(rewards.withdraw_due()).value().empty());
    chain.slots[slot_with_gas].own_balance = wei(5);
    EXPECT_EQ(while_time_passes(rewards.withdraw_due()).value().size(), 1U);
}

TEST_F(RewardsTest, AWithdrawalThatAnEarlierProcessSentIsFinishedFirst) {
    const auto entry = send_unmined();
    chain.ignores_transactions = false;
    ASSERT_TRUE(run(chain.send_raw(entry.raw)).has_value());
    EXPECT_TRUE(while_time_passes(rewards.withdraw_due()).value().empty());
    EXPECT_EQ(chain.mined("withdraw"), 1);
    EXPECT_EQ(chain.reverted(), 0);
    EXPECT_EQ(store->notes().cursor("withdraw/" + std::to_string(slot_with_gas)).value(), "1000000");
}

TEST_F(RewardsTest, AWithdrawalWhoseNonceWasUsedElsewhereIsSentAnewAndWaitedForOnce) {
    const auto entry = send_unmined();
    ++chain.transaction_counts[key.address()];  // the key was used elsewhere
    chain.ignores_transactions = false;
    const auto fetched = while_time_passes(rewards.withdraw_due()).value();
    ASSERT_EQ(fetched.size(), 1U);
    EXPECT_EQ(chain.mined("withdraw"), 1);
    EXPECT_FALSE(store->outbox().find(entry.nonce).value()->succeeded);
    EXPECT_NE(store->outbox().find(entry.nonce).value()->mined_block, 0U) << "nobody waits for it any more";
}

TEST_F(RewardsTest, TheReplacementOfAWithdrawalCounts) {
    const auto entry = send_unmined();
    chain::Transaction dearer = chain::decode_transaction(entry.raw)->transaction;
    dearer.fees.max_fee_per_gas = chain::saturating_sum(dearer.fees.max_fee_per_gas, dearer.fees.max_fee_per_gas);
    const auto made = chain::sign(dearer, key);
    ASSERT_TRUE(store->outbox().add_replacement(entry.nonce, {made.hash, made.raw, 0}).has_value());
    chain.ignores_transactions = false;
    ASSERT_TRUE(run(chain.send_raw(made.raw)).has_value());
    EXPECT_TRUE(while_time_passes(rewards.withdraw_due()).value().empty());
    EXPECT_EQ(chain.mined("withdraw"), 1);
    EXPECT_EQ(chain.reverted(), 0);
    chain.mine(3'600);
    EXPECT_TRUE(while_time_passes(rewards.withdraw_due()).value().empty());
    EXPECT_EQ(store->notes().cursor("withdraw/next").value(), std::to_string(first_slot + 1));
}

}  // namespace
}  // namespace emeth::test
