// Withdrawals of closed slots through the real sender and a real store.
#include "node/money/rewards.hpp"

#include <gtest/gtest.h>

#include "chain/amount.hpp"
#include "chain/encoding/emeth_core.hpp"
#include "node/money/withdrawal_schedule.hpp"
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

    /// Time passes on every clock, with a block each second, while the tasks in the background run.
    void pass(std::int64_t seconds) {
        const Milliseconds end = clock.monotonic() + Milliseconds(seconds * 1'000);
        while (clock.monotonic() < end) {
            const Milliseconds before = clock.monotonic();
            clock.pass(io, std::min(end - before, Milliseconds(1'000)));
            io.restart();
            while (io.poll() > 0) {
            }
            if (clock.monotonic().count() / 1'000 > before.count() / 1'000) chain.mine();
        }
    }
    [[nodiscard]] std::int64_t chain_now_unix_s() { return run(chain.latest_block()).value().timestamp_unix_s; }
    void pass_until(std::int64_t unix_s) { pass(unix_s - chain_now_unix_s()); }

    /// When this wallet withdraws the slot that holds gas.
    [[nodiscard]] std::int64_t moment_unix_s() const {
        constexpr std::uint64_t day = first_slot + 1;
        return static_cast<std::int64_t>(day) * chain::slot_seconds + node::withdrawal_delay_s(key.address(), day);
    }
    [[nodiscard]] std::optional<std::string> note(const std::string& of) const {
        return store->notes().cursor("withdraw/" + of).value();
    }

    TemporaryFolder folder;
    HalfwayRandom random;
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
                          node::RewardsPorts{chain, sender, store->outbox(), store->notes(), pool, clock, random},
                          node::RewardsOptions{chain.network.core, chain.network.token, 2}};
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

TEST_F(RewardsTest, ADayIsWithdrawnAtTheWalletsOwnMoment) {
    const Background running(io, rewards.run());
    pass_until(moment_unix_s() - 5);
    EXPECT_EQ(chain.mined("withdraw"), 0);
    pass_until(moment_unix_s() + 30);
    EXPECT_EQ(chain.mined("withdraw"), 1);
    EXPECT_EQ(note(std::to_string(slot_with_gas)), "1000000");
}

TEST_F(RewardsTest, WhatWaitsAtTheStartIsWithdrawnAtOnce) {
    close_the_first_slot();
    ASSERT_LT(chain_now_unix_s(), moment_unix_s() - 30);
    const Background running(io, rewards.run());
    pass(30);
    EXPECT_EQ(chain.mined("withdraw"), 1);
}

TEST_F(RewardsTest, AnHourLaterEverythingIsReadOnceMoreAndSettled) {
    const Background running(io, rewards.run());
    chain.slots[slot_with_gas].own_balance = Wei{};  // an endpoint that lags behind
    pass_until(moment_unix_s() + 30);
    chain.slots[slot_with_gas].own_balance = wei(5);
    pass_until(moment_unix_s() + node::settled_after_s - 5);
    EXPECT_EQ(chain.mined("withdraw"), 0);
    pass_until(moment_unix_s() + node::settled_after_s + 30);
    EXPECT_EQ(chain.mined("withdraw"), 1);
    EXPECT_EQ(note("next"), std::to_string(first_slot + 1));
}

TEST_F(RewardsTest, BetweenItsRoundsOnlyTheTimeOfTheChainIsAsked) {
    const Background running(io, rewards.run());
    pass(60);
    const auto calls = chain.calls();
    pass(600);
    EXPECT_LE(chain.calls() - calls, 600 / 15 + 1);
}

TEST_F(RewardsTest, AJumpOfChainTimeIsNoticed) {
    const Background running(io, rewards.run());
    pass(60);
    ASSERT_EQ(chain.mined("withdraw"), 0);
    chain.mine(static_cast<std::uint64_t>(moment_unix_s() - chain_now_unix_s()));
    pass(60);
    EXPECT_EQ(chain.mined("withdraw"), 1);
}

TEST_F(RewardsTest, AChainThatWentBackByDaysIsReadAnew) {
    constexpr std::uint64_t two_days = 2 * 86'400;
    chain.slots[slot_with_gas].own_balance = Wei{};
    const Background running(io, rewards.run());
    pass(60);
    chain.mine(two_days);
    pass(60);
    ASSERT_EQ(note("next"), std::to_string(first_slot + 2));
    chain.reorganise(two_days + 60, 60);
    chain.slots[slot_with_gas].own_balance = wei(5);
    pass_until(moment_unix_s() + 30);
    EXPECT_EQ(chain.mined("withdraw"), 1);
}

/// Where what was withdrawn since still looks due.
TEST_F(RewardsTest, AnEndpointThatIsDaysBehindIsNotBelieved) {
    close_the_first_slot();
    chain.slots[slot_with_gas].own_balance = wei(5);
    ASSERT_TRUE(store->notes().set_cursor("withdraw/next", std::to_string(first_slot + 5)));
    clock.wall_jump = Milliseconds(5 * 86'400'000);
    EXPECT_THAT(while_time_passes(rewards.withdraw_due()).value(), testing::IsEmpty());
    EXPECT_EQ(note("next"), std::to_string(first_slot + 5));
}

TEST_F(RewardsTest, AChainWhoseNextBlockIsLateIsReadAgain) {
    const Background running(io, rewards.run());
    pass_until(moment_unix_s() - 1'200);
    clock.pass(io, Milliseconds(0));
    for (int looks = 0; looks < 200; ++looks) {  // monotonic time goes on for 50 min, without a block
        clock.pass(io, rewards.look_interval);
        io.restart();
        while (io.poll() > 0) {
        }
    }
    EXPECT_EQ(chain.mined("withdraw"), 0) << "by its blocks, the slot is open";
    chain.mine(static_cast<std::uint64_t>(moment_unix_s() - chain_now_unix_s()) + 1);
    pass(60);
    EXPECT_EQ(chain.mined("withdraw"), 1);
}

TEST_F(RewardsTest, ARoundThatFailsIsTriedAgainAfterLongerAndLongerWaits) {
    const Background running(io, rewards.run());
    pass_until(moment_unix_s() - 10);
    chain.failure = transient_error("503");
    const auto calls = chain.calls();
    pass(3'600);
    const auto asked = chain.calls() - calls;
    EXPECT_GE(asked, 10U);
    EXPECT_LE(asked, 30U);
    chain.failure.reset();
    pass(320);
    EXPECT_EQ(chain.mined("withdraw"), 1);
    EXPECT_EQ(chain.reverted(), 0);
}

TEST_F(RewardsTest, ARestartInTheMiddleOfARoundGoesOnWhereItEnded) {
    chain.slots[slot_with_gas + 1] = {slot_with_gas + 1, 10, 5, wei(5)};
    chain.mine(2 * 86'400);
    chain.leaves_waiting = [this](const chain::Transaction&) { return chain.mined("withdraw") == 1; };
    {
        const Background running(io, rewards.run());
        pass(60);
        ASSERT_EQ(store->outbox().pending().value().size(), 2U) << "the second of two withdrawals waits to be mined";
    }
    chain.leaves_waiting = nullptr;
    chain::TransactionSender sender_after(io.get_executor(), {chain, store->outbox(), pool, clock, key},
                                          sender_options());
    node::Rewards after(io.get_executor(), {chain, sender_after, store->outbox(), store->notes(), pool, clock, random},
                        {chain.network.core, chain.network.token, 2});
    const Background sending(io, sender_after.run());
    const Background running(io, after.run());
    pass(120);
    EXPECT_EQ(chain.mined("withdraw"), 2);
    EXPECT_EQ(chain.reverted(), 0);
    EXPECT_EQ(note(std::to_string(slot_with_gas)), "1000000");
    EXPECT_EQ(note(std::to_string(slot_with_gas + 1)), "1000000");
}

}  // namespace
}  // namespace emeth::test
