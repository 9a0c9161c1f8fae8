#include "node/pipeline/job_transactions.hpp"

#include <algorithm>
#include <utility>

#include "chain/sender/outbox_policy.hpp"

namespace emeth::node {
namespace {

namespace sm = statemachine;
using storage::OutboxEntry;

bool is_one_of(const OutboxEntry& entry, const std::vector<sm::TxRef>& transactions) {
    return std::ranges::any_of(
        transactions, [&](const sm::TxRef& tx) { return entry.nonce == tx.nonce && entry.has_variant(tx.hash); });
}

/// A log emitted by a variant of `tx` proves that this variant was mined; the first such log is used.
std::optional<sm::TxRef> find_mined(const sm::TxRef& tx, const std::vector<Hash256>& variants,
                                    const std::vector<chain::StatusLog>& logs) {
    for (const chain::StatusLog& log : logs)
        if (std::ranges::find(variants, log.transaction) != variants.end())
            return sm::TxRef{log.transaction, tx.nonce, log.block};
    return std::nullopt;
}

}  // namespace

sm::TxRef signed_tx(const OutboxEntry& entry) {
    return {entry.hash, entry.nonce, 0};
}

Task<Result<void>> JobTransactions::send(storage::TxKind kind, chain::Bytes data,
                                         chain::TransactionSender::Commit commit) {
    chain::Intent intent;
    intent.kind = kind;
    intent.job = job_;
    intent.to = core_;
    intent.data = std::move(data);
    std::vector<chain::Intent> intents{std::move(intent)};
    const auto sent = co_await ports_.sender.send(std::move(intents), std::move(commit));
    if (sent.has_error()) co_return sent.error();
    co_return Result<void>{};
}

Task<Result<TxEnding>> JobTransactions::await_ending(sm::TxRef tx, std::vector<sm::TxRef> companions) {
    const Result<chain::TxOutcome> outcome = co_await ports_.sender.await_outcome(tx.nonce, tx.hash);
    TxEnding ending;
    if (outcome.has_value()) {
        const auto& receipt = outcome->receipt;
        ending = {receipt.succeeded, true, {receipt.transaction, tx.nonce, receipt.block}, outcome->revert_reason, {}};
    } else if (outcome.error().kind == ErrorKind::permanent) {
        // Its nonce is used, but nobody knows the transaction: another one took the nonce, unless the contract's logs
        // show its effect.
        Result<TxEnding> told = co_await ending_from_logs(tx, outcome.error().message);
        if (told.has_error()) co_return told.error();
        ending = std::move(*told);
    } else {
        co_return outcome.error();
    }
    companions.push_back(tx);
    Result<storage::SideWrites> side = co_await settle(std::move(companions));
    if (side.has_error()) co_return side.error();
    ending.side = std::move(*side);
    co_return ending;
}

Task<Result<TxEnding>> JobTransactions::ending_from_logs(sm::TxRef tx, std::string otherwise) {
    const auto logs = co_await ports_.chain.status_logs(job_, 0);
    if (logs.has_error()) co_return logs.error();
    const auto variants = co_await ports_.sender.variants(tx.nonce, tx.hash);
    if (variants.has_error()) co_return variants.error();
    const std::optional<sm::TxRef> mined = find_mined(tx, *variants, *logs);
    if (mined) co_return TxEnding{true, true, *mined, "", {}};
    co_return TxEnding{false, false, tx, std::move(otherwise), {}};
}

/// The outbox entries of transactions that are final: mined, or superseded for good. Without a receipt, only a used
/// nonce shows that; until then the entry stays pending and is sent again.
Task<Result<storage::SideWrites>> JobTransactions::settle(std::vector<sm::TxRef> transactions) {
    auto read = [this] { return ports_.outbox.pending(); };
    const Result<std::vector<OutboxEntry>> pending = co_await ports_.pool.run(std::move(read));
    if (pending.has_error()) co_return pending.error();
    const Result<chain::Block> latest = co_await ports_.chain.latest_block();
    if (latest.has_error()) co_return latest.error();
    const Result<std::uint64_t> used_nonces = co_await ports_.chain.transaction_count(ports_.sender.address());
    if (used_nonces.has_error()) co_return used_nonces.error();
    storage::SideWrites side;
    for (const OutboxEntry& entry : *pending) {
        if (!is_one_of(entry, transactions)) continue;
        const Result<std::optional<chain::Receipt>> receipt = co_await ports_.sender.receipt(entry.nonce, entry.hash);
        if (receipt.has_error()) co_return receipt.error();
        if (*receipt) {
            side.outbox_put.push_back(chain::marked_mined(entry, **receipt));
        } else if (entry.nonce < *used_nonces) {
            side.outbox_put.push_back(chain::marked_taken(entry, latest->number));
        }
    }
    co_return side;
}

}  // namespace emeth::node
