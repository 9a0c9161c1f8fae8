#include "chain/sender/rebroadcaster.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "chain/amount.hpp"
#include "chain/encoding/transaction.hpp"
#include "chain/fee_policy.hpp"
#include "chain/sender/open_entries.hpp"
#include "chain/sender/outbox_policy.hpp"
#include "chain/sender/variants.hpp"
#include "runtime/failpoint.hpp"
#include "runtime/log.hpp"
#include "runtime/retry_policy.hpp"

namespace emeth::chain {

using storage::OutboxEntry;
using storage::Replacement;

Task<> Rebroadcaster::run() {
    const RetryPolicy policy{options_.rebroadcast_interval, 2, options_.rebroadcast_interval * 8, 0};
    std::uint32_t failures = 0;
    for (;;) {
        const Result<void> done = co_await round();
        if (!done && failures == 0)
            spdlog::warn("cannot send the pending transactions again: {}", done.error().message);
        failures = done ? 0 : failures + 1;
        co_await ports_.clock.sleep(backoff(failures + 1, policy, 0));
    }
}

Task<Result<void>> Rebroadcaster::round() {
    const Result<std::uint64_t> count = co_await ports_.chain.transaction_count(ports_.key.address());
    if (count.has_error()) co_return count.error();
    auto read = [outbox = &ports_.outbox, taken = *count] { return open_entries(*outbox, taken); };
    const Result<Entries> entries = co_await ports_.pool.run(std::move(read));
    if (entries.has_error()) co_return entries.error();
    Entries left = untaken(*entries, *count);
    if (left.size() > undone_entries_max) left.resize(undone_entries_max);  // the lowest nonces
    Result<void> replaced;
    if (left.empty() || left.front().nonce != *count) {
        wait_ = {};
    } else {
        OutboxEntry lowest = left.front();
        Result<std::optional<Replacement>> made = co_await replace_if_stuck(std::move(lowest));
        if (!made) replaced = made.error();  // the existing variants are sent nevertheless
        if (made && *made) left.front().replacements.push_back(std::move(**made));
    }
    for (const OutboxEntry& entry : left) co_await broadcast(entry);
    Entries mined;
    std::copy_if(entries->begin(), entries->end(), std::back_inserter(mined),
                 [&](const OutboxEntry& entry) { return entry.mined_block == 0 && entry.nonce < *count; });
    refused_.erase(refused_.begin(), refused_.lower_bound(*count));
    const Result<void> settled = co_await settle(std::move(mined));
    co_return settled ? replaced : settled;
}

Task<Result<std::optional<Replacement>>> Rebroadcaster::replace_if_stuck(OutboxEntry lowest) {
    const Result<Block> latest = co_await ports_.chain.latest_block();
    if (latest.has_error()) co_return latest.error();
    const std::uint64_t waited = wait_.blocks(lowest.nonce, lowest.replacements.size(), latest->number);
    if (waited < options_.replace_after_blocks) co_return std::optional<Replacement>();
    const Result<Fees> market = co_await ports_.chain.fees();
    if (market.has_error()) co_return market.error();
    co_return co_await replace(std::move(lowest), *market);
}

Task<Result<std::optional<Replacement>>> Rebroadcaster::replace(OutboxEntry lowest, Fees market) {
    Result<DecodedTransaction> newest = decode_transaction(lowest.newest_raw());
    if (newest.has_error()) co_return in_context(fmt::format("outbox, nonce {}", lowest.nonce), newest.error());
    const Fees offered = newest->transaction.fees;
    const BumpDecision decision = decide_bump(offered, market, gwei_to_wei(options_.gas_price_max_gwei));
    if (decision.at_ceiling && at_ceiling_ != lowest.nonce) {
        at_ceiling_ = lowest.nonce;
        log_of(lowest).warn(
            "transaction {} (nonce {}, {}) waits: it offers {} wei per gas, the endpoint asks {}, and "
            "gas_price_max_gwei={} leaves no room for another offer; raise that, or wait for the price to fall",
            lowest.hash.hex(), lowest.nonce, storage::name(lowest.kind), format_wei(offered.max_fee_per_gas),
            format_wei(market.max_fee_per_gas), options_.gas_price_max_gwei);
    }
    if (!decision.offer) co_return std::optional<Replacement>();
    // An endpoint whose transaction count lags shows mined nonces as waiting.
    const Result<std::optional<Receipt>> mined = co_await receipt_of_any(&ports_.chain, lowest.hashes());
    if (mined.has_error()) co_return mined.error();
    if (*mined) co_return std::optional<Replacement>();

    newest->transaction.fees = *decision.offer;
    SignedTransaction made = sign(newest->transaction, ports_.key);
    const Replacement replacement{made.hash, std::move(made.raw), ports_.clock.unix_ms()};
    auto put = [outbox = &ports_.outbox, nonce = lowest.nonce, replacement] {
        return outbox->add_replacement(nonce, replacement);
    };
    failpoint::before("commit", "replacement");
    const Result<void> durable = co_await ports_.pool.run(std::move(put));
    if (durable.has_error()) co_return durable.error();
    failpoint::after("commit", "replacement");
    log_of(lowest).info("transaction {} (nonce {}, {}) is stuck at {} wei per gas; replaced by {} at {}",
                        lowest.hash.hex(), lowest.nonce, storage::name(lowest.kind),
                        format_wei(offered.max_fee_per_gas), replacement.hash.hex(),
                        format_wei(decision.offer->max_fee_per_gas));
    co_return replacement;
}

Task<> Rebroadcaster::broadcast(OutboxEntry entry) {
    if (!entry.replacements.empty()) failpoint::before("broadcast", "replacement");
    const Result<void> sent = co_await ports_.chain.send_raw(entry.newest_raw());
    if (!entry.replacements.empty()) failpoint::after("broadcast", "replacement");
    if (sent) {
        refused_.erase(entry.nonce);
        co_return;
    }
    if (std::string& logged = refused_[entry.nonce]; logged != sent.error().message) {
        logged = sent.error().message;
        log_of(entry).warn("transaction {} (nonce {}, {}) was not accepted and will be sent again until it is: {}",
                           entry.hashes().back().hex(), entry.nonce, storage::name(entry.kind), logged);
    }
    while (!entry.replacements.empty()) {
        entry.replacements.pop_back();
        const Result<void> earlier = co_await ports_.chain.send_raw(entry.newest_raw());
        if (earlier) co_return;
    }
}

Task<Result<void>> Rebroadcaster::settle(Entries mined) {
    if (mined.empty()) co_return Result<void>();
    const Result<Block> latest = co_await ports_.chain.latest_block();
    if (latest.has_error()) co_return latest.error();
    Entries settled;
    for (OutboxEntry& entry : mined) {
        const Result<std::optional<Receipt>> receipt = co_await receipt_of_any(&ports_.chain, entry.hashes());
        if (receipt.has_error()) co_return receipt.error();
        if (!*receipt) continue;  // another transaction took the nonce: whoever awaits the outcome will find out
        const std::uint64_t depth = options_.confirmations + settle_margin_blocks(entry.kind);
        const std::uint64_t block = (*receipt)->block;
        if (latest->number < block || latest->number - block + 1 < depth) continue;
        settled.push_back(marked_mined(std::move(entry), **receipt));
    }
    if (settled.empty()) co_return Result<void>();
    auto put = [outbox = &ports_.outbox, entries = std::move(settled)] { return outbox->put(entries); };
    co_return co_await ports_.pool.run(std::move(put));
}

}  // namespace emeth::chain
