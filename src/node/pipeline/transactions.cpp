// The JOB's own transactions: how they ended on chain, and what the outbox is told of it in the same commit.
#include <algorithm>
#include <utility>

#include "chain/sender/outbox_policy.hpp"
#include "node/pipeline/pipeline.hpp"

namespace emeth::node {

namespace sm = statemachine;
using storage::OutboxEntry;

chain::Intent Pipeline::intent(storage::TxKind kind, chain::Bytes data) const {
    chain::Intent intent;
    intent.kind = kind;
    intent.job = id();
    intent.to = settings_.core;
    intent.data = std::move(data);
    return intent;
}

/// Waits until `tx` is final. `companions` are marked in the outbox with it.
Task<Result<Pipeline::Ending>> Pipeline::await_ending(sm::TxRef tx, std::vector<sm::TxRef> companions) {
    const Result<chain::TxOutcome> outcome = co_await ports_.sender.await_outcome(tx.nonce, tx.hash);
    Ending ending;
    if (outcome.has_value()) {
        const auto& receipt = outcome->receipt;
        ending = {receipt.succeeded, true, {receipt.transaction, tx.nonce, receipt.block}, outcome->revert_reason, {}};
    } else if (outcome.error().kind == ErrorKind::permanent) {
        // Its nonce is used, but nobody knows the transaction: taken by another one, unless the contract tells of its
        // effect.
        Result<Ending> told = co_await ending_from_logs(tx, outcome.error().message);
        if (told.has_error()) co_return told.error();
        ending = std::move(*told);
    } else {
        co_return outcome.error();
    }
    companions.push_back(tx);
    Result<storage::SideWrites> side = co_await settled(std::move(companions));
    if (side.has_error()) co_return side.error();
    ending.side = std::move(*side);
    co_return ending;
}

Task<Result<Pipeline::Ending>> Pipeline::ending_from_logs(sm::TxRef tx, std::string otherwise) {
    const auto logs = co_await ports_.chain.status_logs(id(), 0);
    if (logs.has_error()) co_return logs.error();
    const auto variants = co_await ports_.sender.variants(tx.nonce, tx.hash);
    if (variants.has_error()) co_return variants.error();
    for (const auto& log : *logs)
        if (std::find(variants->begin(), variants->end(), log.transaction) != variants->end())
            co_return Ending{true, true, {log.transaction, tx.nonce, log.block}, "", {}};
    co_return Ending{false, false, tx, std::move(otherwise), {}};
}

/// The outbox entries of transactions that are final: mined, or passed by for ever. Without a receipt only a used nonce
/// tells; while it is not used the entry stays pending and is sent again.
Task<Result<storage::SideWrites>> Pipeline::settled(std::vector<sm::TxRef> transactions) {
    auto read = [this] { return ports_.outbox.pending(); };
    const Result<std::vector<OutboxEntry>> pending = co_await ports_.pool.run(std::move(read));
    if (pending.has_error()) co_return pending.error();
    const Result<chain::Block> latest = co_await ports_.chain.latest_block();
    if (latest.has_error()) co_return latest.error();
    const Result<std::uint64_t> used_nonces = co_await ports_.chain.transaction_count(ports_.sender.address());
    if (used_nonces.has_error()) co_return used_nonces.error();
    storage::SideWrites side;
    for (const auto& entry : *pending) {
        const bool ours = std::any_of(transactions.begin(), transactions.end(), [&](const sm::TxRef& tx) {
            return entry.nonce == tx.nonce && entry.has_variant(tx.hash);
        });
        if (!ours) continue;
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
