#include "chain/sender/outcome_watch.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "chain/encoding/transaction.hpp"
#include "chain/sender/variants.hpp"
#include "runtime/log.hpp"
#include "runtime/retry_policy.hpp"
#include "runtime/waiting.hpp"

namespace emeth::chain {
namespace {

constexpr Milliseconds poll_interval_max{15'000};

}  // namespace

bool ForeignNonce::suspected(std::uint64_t latest, std::uint64_t confirmations) {
    if (polls_ == 0) first_block_ = latest;
    ++polls_;
    return polls_ >= polls_min && latest + 1 >= first_block_ + confirmations;
}

Task<Result<TxOutcome>> OutcomeWatch::run(std::uint64_t nonce, Hash256 hash) {
    const RetryPolicy policy{options_.poll_interval, 2, std::max(poll_interval_max, options_.poll_interval), 0};
    std::uint32_t failures = 0;
    const Waiting waiting(fmt::format("transaction {} to be {} blocks deep", hash.hex(), options_.confirmations));
    for (;;) {
        Result<std::optional<Receipt>> polled = co_await poll(nonce, hash);
        if (taken_) {
            co_return permanent_error(
                fmt::format("nonce {} of wallet {} was used by another transaction than {}; this wallet's key must not "
                            "be used elsewhere",
                            nonce, ports_.key.address().hex(), hash.hex()));
        }
        if (polled && *polled) {
            TxOutcome outcome{std::move(**polled), {}};
            if (!outcome.receipt.succeeded) outcome.revert_reason = co_await reason_of(nonce, hash, outcome.receipt);
            co_return outcome;
        }
        if (!polled && failures == 0)
            spdlog::warn("waiting for transaction {}: {}", hash.hex(), polled.error().message);
        failures = polled ? 0 : failures + 1;
        co_await ports_.clock.sleep(backoff(failures + 1, policy, 0));
    }
}

Task<Result<std::optional<Receipt>>> OutcomeWatch::poll(std::uint64_t nonce, Hash256 hash) {
    // Read every time: a replacement may have been signed in the meantime.
    Result<std::vector<Hash256>> variants = co_await variants_of(&ports_.outbox, &ports_.pool, nonce, hash);
    if (variants.has_error()) co_return variants.error();
    Result<std::optional<Receipt>> receipt = co_await receipt_of_any(&ports_.chain, std::move(*variants));
    if (receipt.has_error()) co_return receipt.error();
    if (!*receipt) {
        const Result<void> looked = co_await look_for_foreign(nonce);
        if (looked.has_error()) co_return looked.error();
        co_return std::optional<Receipt>();
    }
    foreign_.clear();
    const Result<bool> final = co_await is_final(**receipt);
    if (final.has_error()) co_return final.error();
    if (!*final) co_return std::optional<Receipt>();
    co_return receipt;
}

/// Deep enough, and in a block that is still on the chain.
Task<Result<bool>> OutcomeWatch::is_final(Receipt receipt) {
    const Result<Block> latest = co_await ports_.chain.latest_block();
    if (latest.has_error()) co_return latest.error();
    if (latest->number < receipt.block || latest->number - receipt.block + 1 < options_.confirmations) co_return false;
    const Result<std::optional<Block>> block = co_await ports_.chain.block(receipt.block);
    if (block.has_error()) co_return block.error();
    co_return *block && (*block)->hash == receipt.block_hash;
}

Task<Result<void>> OutcomeWatch::look_for_foreign(std::uint64_t nonce) {
    const Result<std::uint64_t> count = co_await ports_.chain.transaction_count(ports_.key.address());
    if (count.has_error()) co_return count.error();
    if (*count <= nonce) {
        foreign_.clear();
        co_return Result<void>();
    }
    const Result<Block> latest = co_await ports_.chain.latest_block();
    if (latest.has_error()) co_return latest.error();
    taken_ = foreign_.suspected(latest->number, options_.confirmations);
    co_return Result<void>();
}

/// Repeats the same call now, because the chain itself keeps no reason. Best effort, for a sentence in the history.
Task<std::string> OutcomeWatch::reason_of(std::uint64_t nonce, Hash256 hash, Receipt receipt) {
    auto find = [outbox = &ports_.outbox, nonce] { return outbox->find(nonce); };
    const Result<std::optional<storage::OutboxEntry>> entry = co_await ports_.pool.run(find);
    if (!entry) co_return "reverted; its reason is not known: " + entry.error().message;
    if (!*entry || !(*entry)->has_variant(hash)) co_return "reverted; its reason is not known";
    const Result<DecodedTransaction> decoded = decode_transaction((*entry)->raw);
    if (!decoded || !decoded->transaction.to) co_return "reverted; its reason is not known";
    const Transaction& transaction = decoded->transaction;
    if (receipt.gas_used >= transaction.gas_limit)
        co_return fmt::format("ran out of its {} gas", transaction.gas_limit);
    const Result<std::optional<std::string>> reason =
        co_await ports_.chain.revert_reason(ports_.key.address(), *transaction.to, transaction.data);
    if (!reason) co_return "reverted; its reason is not known: " + reason.error().message;
    co_return reason->value_or("reverted; the same call would succeed now");
}

}  // namespace emeth::chain
