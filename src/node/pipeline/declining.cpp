// The way out of a JOB with a locked deposit: give it back, for the penalty that the contract takes.
#include <fmt/format.h>

#include <utility>

#include "chain/encoding/emeth_core.hpp"
#include "node/pipeline/pipeline.hpp"

namespace emeth::node {

namespace sm = statemachine;

Task<Result<void>> Pipeline::send_decline() {
    const Result<chain::JobRecord> record = co_await ports_.chain.job(id());
    if (record.has_error()) co_return record.error();
    if (record->status == chain::JobStatus::declined) {
        const auto logs = co_await ports_.chain.status_logs(id(), 0);
        if (logs.has_error()) co_return logs.error();
        for (const auto& log : *logs)
            if (log.status == chain::JobStatus::declined && log.node == self())
                co_return co_await take_over_decline(log);
    }
    std::vector<chain::Intent> intents{intent(storage::TxKind::decline, chain::encode_decline(id()))};
    auto commit = [this](std::vector<storage::OutboxEntry> entries) {
        return commit_decline_signed(std::move(entries));
    };
    const auto sent = co_await ports_.sender.send(std::move(intents), std::move(commit));
    if (sent.has_error()) co_return sent.error();
    co_return Result<void>{};
}

Task<Result<void>> Pipeline::commit_decline_signed(std::vector<storage::OutboxEntry> entries) {
    Fact fact = sm::DeclineSigned{{entries.front().hash, entries.front().nonce, 0}};
    storage::SideWrites side{std::move(entries)};
    co_return co_await journal_.commit(std::move(fact), std::move(side));
}

/// Another program with our key declined the JOB: its transaction stands for ours.
Task<Result<void>> Pipeline::take_over_decline(chain::StatusLog log) {
    const Result<Wei> penalty = co_await ports_.chain.penalty_of(log.transaction, self());
    if (penalty.has_error()) co_return penalty.error();
    Fact signed_elsewhere = sm::DeclineSigned{{log.transaction, 0, 0}};
    const Result<void> committed = co_await journal_.commit(std::move(signed_elsewhere));
    if (committed.has_error()) co_return committed;
    Fact declined = sm::Declined{{log.transaction, 0, log.block}, *penalty};
    co_return co_await journal_.commit(std::move(declined));
}

Task<Result<void>> Pipeline::await_decline() {
    const sm::TxRef decline = *job().outcome.decline;
    std::vector<sm::TxRef> no_companions;
    Result<Ending> ending = co_await await_ending(decline, std::move(no_companions));
    if (ending.has_error()) co_return ending.error();
    Fact fact = sm::DeclineReverted{ending->tx, ending->reason};
    if (ending->succeeded) {
        const Result<Wei> penalty = co_await ports_.chain.penalty_of(ending->tx.hash, self());
        if (penalty.has_error()) co_return penalty.error();
        fact = sm::Declined{ending->tx, *penalty};
    }
    co_return co_await journal_.commit(std::move(fact), std::move(ending->side));
}

}  // namespace emeth::node
