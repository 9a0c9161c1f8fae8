#include "node/pipeline/decline.hpp"

#include <utility>

#include "chain/encoding/emeth_core.hpp"
#include "node/pipeline/chain_facts.hpp"

namespace emeth::node {

namespace sm = statemachine;

Task<Result<void>> Decline::sign() {
    const Result<chain::JobRecord> record = co_await chain_.job(journal_.id());
    if (record.has_error()) co_return record.error();
    if (record->status == chain::JobStatus::declined) {
        const auto logs = co_await chain_.status_logs(journal_.id(), 0);
        if (logs.has_error()) co_return logs.error();
        for (const auto& log : *logs)
            if (log.status == chain::JobStatus::declined && log.node == self_) co_return co_await take_over(log);
    }
    auto data = chain::encode_decline(journal_.id());
    auto commit = [this](std::vector<storage::OutboxEntry> entries) { return commit_signed(std::move(entries)); };
    co_return co_await transactions_.send(storage::TxKind::decline, std::move(data), std::move(commit));
}

Task<Result<void>> Decline::commit_signed(std::vector<storage::OutboxEntry> entries) {
    Fact fact = sm::DeclineSigned{signed_tx(entries.front())};
    storage::SideWrites side{std::move(entries)};
    co_return co_await journal_.commit(std::move(fact), std::move(side));
}

/// Adopts the other program's transaction as our own.
Task<Result<void>> Decline::take_over(chain::StatusLog log) {
    const Result<chain::Settlement> settlement = co_await ends_.settlement(log.transaction, self_);
    if (settlement.has_error()) co_return settlement.error();
    Fact signed_elsewhere = sm::DeclineSigned{{log.transaction, 0, 0}};
    const Result<void> committed = co_await journal_.commit(std::move(signed_elsewhere));
    if (committed.has_error()) co_return committed;
    Fact declined = sm::Declined{{log.transaction, 0, log.block}, loss_of(journal_.job(), *settlement, self_)};
    co_return co_await journal_.commit(std::move(declined));
}

Task<Result<void>> Decline::await() {
    const sm::TxRef decline = *journal_.job().outcome.decline;
    Result<TxEnding> ending = co_await transactions_.await_ending(decline);
    if (ending.has_error()) co_return ending.error();
    Fact fact = sm::DeclineReverted{ending->tx, ending->reason};
    if (ending->succeeded) {
        const Result<chain::Settlement> settlement = co_await ends_.settlement(ending->tx.hash, self_);
        if (settlement.has_error()) co_return settlement.error();
        fact = sm::Declined{ending->tx, loss_of(journal_.job(), *settlement, self_)};
    }
    co_return co_await journal_.commit(std::move(fact), std::move(ending->side));
}

}  // namespace emeth::node
