#include "chain/rebroadcaster.hpp"

#include <algorithm>

#include "chain/outbox_policy.hpp"
#include "runtime/log.hpp"
#include "runtime/retry_policy.hpp"

namespace emeth::chain {

using storage::OutboxEntry;

Task<> Rebroadcaster::run() {
    const RetryPolicy policy{options_.rebroadcast_interval, 2, options_.rebroadcast_interval * 8, 0};
    std::uint32_t failures = 0;
    for (;;) {
        const Result<void> done = co_await round();
        if (!done && failures == 0)
            spdlog::warn("cannot send the pending transactions again: {}", done.error().message);
        failures = done ? 0 : failures + 1;
        co_await clock_.sleep(backoff(failures + 1, policy, 0));
    }
}

Task<Result<void>> Rebroadcaster::round() {
    const Result<std::uint64_t> count = co_await chain_.transaction_count(wallet_);
    if (!count) co_return count.error();
    const Result<Entries> entries = co_await entries_to_watch(*count);
    if (!entries) co_return entries.error();
    for (const OutboxEntry& entry : untaken(*entries, *count)) co_await broadcast(entry);
    Entries mined;
    std::copy_if(entries->begin(), entries->end(), std::back_inserter(mined),
                 [&](const OutboxEntry& entry) { return entry.mined_block == 0 && entry.nonce < *count; });
    refused_.erase(refused_.begin(), refused_.lower_bound(*count));
    co_return co_await settle(std::move(mined));
}

Task<Result<Rebroadcaster::Entries>> Rebroadcaster::entries_to_watch(std::uint64_t transaction_count) {
    auto read_all = [store = &store_] { return store->outbox_all(); };
    if (after_outbox_ == 0) {
        const Result<Entries> all = co_await pool_.run(read_all);
        if (!all) co_return all.error();
        after_outbox_ = nonce_after(*all);
    }
    auto read_pending = [store = &store_] { return store->outbox_pending(); };
    Result<Entries> pending = co_await pool_.run(read_pending);
    if (!pending) co_return pending.error();
    after_outbox_ = std::max(after_outbox_, nonce_after(*pending));
    if (covers_untaken(*pending, transaction_count, after_outbox_)) co_return pending;
    co_return co_await pool_.run(read_all);
}

Task<> Rebroadcaster::broadcast(OutboxEntry entry) {
    const Result<void> sent = co_await chain_.send_raw(entry.raw);
    std::string& logged = refused_[entry.nonce];
    if (sent) {
        logged.clear();
    } else if (logged != sent.error().message) {
        logged = sent.error().message;
        spdlog::warn("transaction {} (nonce {}, {}) is not taken; sending it again until it is: {}", entry.hash.hex(),
                     entry.nonce, storage::name(entry.kind), logged);
    }
}

Task<Result<void>> Rebroadcaster::settle(Entries mined) {
    if (mined.empty()) co_return Result<void>();
    const Result<Block> latest = co_await chain_.latest_block();
    if (!latest) co_return latest.error();
    storage::SideWrites settled;
    for (OutboxEntry& entry : mined) {
        const Result<std::optional<Receipt>> receipt = co_await chain_.receipt(entry.hash);
        if (!receipt) co_return receipt.error();
        if (!*receipt) continue;  // another transaction took the nonce: whoever awaits the outcome finds out
        const std::uint64_t depth = options_.confirmations + settle_margin_blocks(entry.kind);
        const std::uint64_t block = (*receipt)->block;
        if (latest->number < block || latest->number - block + 1 < depth) continue;
        TransactionSender::mark_mined(settled, std::move(entry), **receipt);
    }
    if (settled.outbox_put.empty()) co_return Result<void>();
    auto put = [store = &store_, entries = std::move(settled.outbox_put)] { return store->outbox_put(entries); };
    co_return co_await pool_.run(std::move(put));
}

}  // namespace emeth::chain
