#include "node/money/rewards.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "chain/amount.hpp"
#include "chain/encoding/emeth_core.hpp"
#include "chain/encoding/token_transfers.hpp"
#include "chain/encoding/transaction.hpp"
#include "chain/sender/outbox_policy.hpp"
#include "node/money/withdrawal_schedule.hpp"
#include "runtime/failpoint.hpp"
#include "runtime/log.hpp"
#include "runtime/parse_number.hpp"
#include "runtime/retry_policy.hpp"
#include "statemachine/amount_text.hpp"

namespace emeth::node {
namespace {

/// Durable: every slot before this one was read after it had closed, and withdrawn if it held anything.
const std::string next_slot_cursor = "withdraw/next";

constexpr RetryPolicy round_retry{Milliseconds(5'000), 2, Milliseconds(300'000), 0.25};

/// Endpoints may lag behind the one that showed the receipt.
constexpr int balance_reads_max = 4;
constexpr Milliseconds balance_read_pause{2'000};

/// The slot that a withdrawal names.
std::optional<std::uint64_t> slot_of(const storage::OutboxEntry& withdrawal) {
    const auto decoded = chain::decode_transaction(withdrawal.raw);
    if (decoded.has_error()) return std::nullopt;
    return chain::withdrawn_slot(decoded->transaction.data);
}

/// The slot that is open at that time: every one before it is closed.
std::uint64_t open_slot(std::int64_t unix_s) {
    return static_cast<std::uint64_t>(std::max<std::int64_t>(0, unix_s) / chain::slot_seconds);
}

bool is_due(const chain::Slot& slot) {
    return !slot.own_balance.is_zero();
}

}  // namespace

std::string withdrawal_cursor(std::uint64_t slot) {
    return fmt::format("withdraw/{}", slot);
}

Task<> Rewards::run() {
    std::uint32_t failures = 0;
    for (;;) {
        const Result<Round> done = co_await round();
        if (done.has_error()) {
            if (failures == 0) spdlog::warn("cannot withdraw rewards: {}; will retry", done.error().message);
            ++failures;
            co_await ports_.clock.sleep(backoff(failures, round_retry, ports_.random.unit()));
            continue;
        }
        failures = 0;
        // By the time of the block that was read, so that a chain whose next block is late is read again.
        co_await wait_until(done->read_all ? next_round_unix_s(ports_.sender.address(), done->read_at_unix_s)
                                           : done->read_at_unix_s);
    }
}

/// At least one look interval. A time that is more than a day off is none that next_round_unix_s() named on this chain:
/// what it was reckoned from is gone, as after a reorganisation or an endpoint's wrong answer.
Task<> Rewards::wait_until(std::int64_t due_unix_s) {
    for (;;) {
        co_await ports_.clock.sleep(look_interval);
        const Result<std::int64_t> now = co_await chain_clock_.now_unix_s();
        if (now.has_value() && (*now >= due_unix_s || *now < due_unix_s - chain::slot_seconds)) co_return;
    }
}

Task<Result<std::vector<Withdrawal>>> Rewards::withdraw_due() {
    Result<Round> done = co_await round();
    if (done.has_error()) co_return done.error();
    co_return std::move(done->withdrawn);
}

Task<Result<Rewards::Round>> Rewards::round() {
    const AsyncMutex::Lock lock = co_await one_at_a_time_.lock();
    const Result<void> settled = co_await settle_pending();
    if (settled.has_error()) co_return settled.error();
    const Result<std::int64_t> latest_unix_s = co_await time_of_block(1);
    if (latest_unix_s.has_error()) co_return latest_unix_s.error();
    const Result<std::int64_t> confirmed_unix_s = co_await time_of_block(options_.confirmations);
    if (confirmed_unix_s.has_error()) co_return confirmed_unix_s.error();
    const std::uint64_t open = open_slot(*latest_unix_s);
    const Result<std::uint64_t> first = co_await first_unsettled_slot(open);
    if (first.has_error()) co_return first.error();
    Round made;
    made.read_at_unix_s = *latest_unix_s;
    auto number = *first;
    for (const auto end = std::min(open, *first + slots_per_round_max); number < end; ++number) {
        const Result<chain::Slot> slot = co_await ports_.chain.slot(number, ports_.sender.address());
        if (slot.has_error()) co_return slot.error();
        if (!is_due(*slot)) continue;
        const Result<Withdrawal> withdrawal = co_await withdraw(number);
        if (withdrawal.has_error()) co_return withdrawal.error();
        made.withdrawn.push_back(*withdrawal);
    }
    made.read_all = number >= open;
    // Whatever a reorganisation or a lagging endpoint may still change is read again in a later round.
    const auto done = std::min(number, open_slot(*confirmed_unix_s - settled_after_s));
    if (done > *first) {
        const Result<void> noted = co_await set_cursor(next_slot_cursor, std::to_string(done));
        if (noted.has_error()) co_return noted.error();
    }
    co_return made;
}

Task<Result<Withdrawal>> Rewards::withdraw_slot(std::uint64_t number) {
    const AsyncMutex::Lock lock = co_await one_at_a_time_.lock();
    const Result<void> settled = co_await settle_pending();
    if (settled.has_error()) co_return settled.error();
    const Result<std::int64_t> latest_unix_s = co_await time_of_block(1);
    if (latest_unix_s.has_error()) co_return latest_unix_s.error();
    if (const std::uint64_t open = open_slot(*latest_unix_s); number >= open)
        co_return permanent_error(fmt::format("slot {} is not closed yet; the first open one is {}", number, open));
    const Result<chain::Slot> slot = co_await ports_.chain.slot(number, ports_.sender.address());
    if (slot.has_error()) co_return slot.error();
    if (slot->own_gas == 0)
        co_return permanent_error(
            fmt::format("slot {} holds no gas of wallet {}", number, ports_.sender.address().hex()));
    if (!is_due(*slot)) co_return permanent_error(fmt::format("slot {} was withdrawn already", number));
    co_return co_await withdraw(number);
}

/// A withdrawal by an earlier process may still be in flight: it is settled before anything new is decided.
Task<Result<void>> Rewards::settle_pending() {
    auto read = [this] { return ports_.outbox.pending(); };
    const Result<std::vector<storage::OutboxEntry>> pending = co_await ports_.pool.run(std::move(read));
    if (pending.has_error()) co_return pending.error();
    for (const auto& entry : *pending) {
        if (entry.kind != storage::TxKind::withdraw) continue;
        const Result<chain::TxOutcome> outcome = co_await ports_.sender.await_outcome(entry.nonce, entry.hash);
        if (outcome.has_value()) {
            const std::optional<std::uint64_t> slot = slot_of(entry);
            if (!slot || !outcome->receipt.succeeded) continue;
            const Result<Withdrawal> withdrawal = co_await account_for(*slot, outcome->receipt);
            if (withdrawal.has_error()) co_return withdrawal.error();
            continue;
        }
        if (outcome.error().kind != ErrorKind::permanent) co_return outcome.error();
        // The nonce went to a foreign transaction, so the contents of the slot are read again.
        const Result<chain::Block> latest = co_await ports_.chain.latest_block();
        if (latest.has_error()) co_return latest.error();
        auto put = [this, taken = chain::marked_taken(entry, latest->number)] { return ports_.outbox.put({taken}); };
        const Result<void> marked = co_await ports_.pool.run(std::move(put));
        if (marked.has_error()) co_return marked.error();
    }
    co_return Result<void>{};
}

/// The time of the block that is `depth` deep (1: the latest).
Task<Result<std::int64_t>> Rewards::time_of_block(std::uint64_t depth) {
    const Result<chain::Block> latest = co_await ports_.chain.latest_block();
    if (latest.has_error()) co_return latest.error();
    const std::uint64_t deep = latest->number + 1 > depth ? latest->number + 1 - depth : 0;
    const Result<std::optional<chain::Block>> block = co_await ports_.chain.block(deep);
    if (block.has_error()) co_return block.error();
    if (!*block)
        co_return transient_error(fmt::format("the endpoint does not have block {} of {}", deep, latest->number));
    co_return (*block)->timestamp_unix_s;
}

/// A note of a slot that has yet to come was made by a chain that is gone, or by an endpoint's wrong answer: then
/// everything is read again.
Task<Result<std::uint64_t>> Rewards::first_unsettled_slot(std::uint64_t open) {
    auto read = [this] { return ports_.notes.cursor(next_slot_cursor); };
    const Result<std::optional<std::string>> cursor = co_await ports_.pool.run(std::move(read));
    if (cursor.has_error()) co_return cursor.error();
    const auto noted = *cursor ? parse_number<std::uint64_t>(**cursor) : std::nullopt;
    // An endpoint that is days behind, as one that has just begun to sync, shows as due what was withdrawn since.
    const bool is_behind = open + 1 < open_slot(ports_.clock.unix_ms() / 1'000);
    if (noted && (*noted <= open || is_behind)) co_return *noted;
    co_return co_await ports_.chain.start_slot();
}

Task<Result<Withdrawal>> Rewards::withdraw(std::uint64_t number) {
    chain::Intent intent;
    intent.kind = storage::TxKind::withdraw;
    intent.to = options_.core;
    intent.data = chain::encode_withdraw_slot_reward(number);
    const Result<storage::OutboxEntry> entry = co_await ports_.sender.send_and_store(std::move(intent));
    if (entry.has_error()) co_return in_context(fmt::format("withdrawal of slot {}", number), entry.error());
    const Result<chain::TxOutcome> outcome = co_await ports_.sender.await_outcome(entry->nonce, entry->hash);
    if (outcome.has_error()) co_return outcome.error();
    if (!outcome->receipt.succeeded)
        co_return transient_error(fmt::format("withdrawal of slot {} reverted: {}", number, outcome->revert_reason));
    co_return co_await account_for(number, outcome->receipt);
}

/// Of a withdrawal that is mined; again, as long as it is not deep in the chain.
Task<Result<Withdrawal>> Rewards::account_for(std::uint64_t number, chain::Receipt receipt) {
    const Result<chain::Slot> slot = co_await ports_.chain.slot(number, ports_.sender.address());
    if (slot.has_error()) co_return slot.error();
    const std::optional<Wei> amount = co_await amount_received(receipt);
    spdlog::info("slot {}: {} withdrawn for {} of {} gas", number,
                 amount ? emt_text(amount) : "an unknown amount of EMT", slot->own_gas, slot->total_gas);
    std::string told = amount ? chain::format_wei(*amount) : std::string("unknown");
    auto read = [this, number] { return ports_.notes.cursor(withdrawal_cursor(number)); };
    const Result<std::optional<std::string>> noted_before = co_await ports_.pool.run(std::move(read));
    if (noted_before.has_error()) co_return noted_before.error();
    const Result<void> noted = co_await set_cursor(withdrawal_cursor(number), std::move(told));
    if (noted.has_error()) co_return noted.error();
    if (amount && !*noted_before) withdrawn_ = chain::saturating_sum(withdrawn_, *amount);
    co_return Withdrawal{number, amount, receipt.transaction};
}

/// Not every token emits an event when it mints: the balances around the block show what came then.
Task<std::optional<Wei>> Rewards::amount_received(chain::Receipt receipt) {
    const Address wallet = ports_.sender.address();
    const std::optional<Wei> logged = chain::gain_in(receipt, options_.token, wallet);
    if (logged && !logged->is_zero()) co_return logged;
    for (int attempt = 1;; ++attempt) {
        const Result<Wei> gain = co_await ports_.chain.unlogged_emt_gain(wallet, receipt.block);
        if (gain.has_value()) co_return *gain;
        if (gain.error().kind == ErrorKind::permanent || attempt == balance_reads_max) {
            spdlog::warn("what transaction {} brought is unknown: {}", receipt.transaction.hex(), gain.error().message);
            co_return std::nullopt;
        }
        co_await ports_.clock.sleep(balance_read_pause);
    }
}

Task<Result<void>> Rewards::set_cursor(std::string key, std::string value) {
    auto set = [this, &key, &value] { return ports_.notes.set_cursor(key, value); };
    failpoint::before("commit", "rewards");
    Result<void> noted = co_await ports_.pool.run(std::move(set));
    failpoint::after("commit", "rewards");
    co_return noted;
}

}  // namespace emeth::node
