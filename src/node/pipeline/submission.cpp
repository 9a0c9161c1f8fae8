// training → submitted: the result's name goes on chain; then the verifier has the word, once it was shown what chance
// asks for (evidence.cpp).
#include <utility>

#include "chain/encoding/emeth_core.hpp"
#include "node/pipeline/pipeline.hpp"

namespace emeth::node {

namespace sm = statemachine;

Task<Result<void>> Pipeline::send_submit() {
    std::vector<chain::Intent> intents{
        intent(storage::TxKind::submit, chain::encode_submit(id(), job().upload.file_name))};
    auto commit = [this](std::vector<storage::OutboxEntry> entries) {
        return commit_submit_signed(std::move(entries));
    };
    const auto sent = co_await ports_.sender.send(std::move(intents), std::move(commit));
    if (sent.has_error()) co_return sent.error();
    co_return Result<void>{};
}

Task<Result<void>> Pipeline::commit_submit_signed(std::vector<storage::OutboxEntry> entries) {
    Fact fact = sm::SubmitSigned{{entries.front().hash, entries.front().nonce, 0}};
    storage::SideWrites side{std::move(entries)};
    co_return co_await journal_.commit(std::move(fact), std::move(side));
}

Task<Result<void>> Pipeline::await_submit() {
    const sm::TxRef submit = *job().outcome.submit;
    std::vector<sm::TxRef> no_companions;
    Result<Ending> ending = co_await await_ending(submit, std::move(no_companions));
    if (ending.has_error()) co_return ending.error();
    if (ending->succeeded) {
        Fact confirmed = sm::SubmitConfirmed{ending->tx};
        co_return co_await journal_.commit(std::move(confirmed), std::move(ending->side));
    }
    const auto reason = ending->reason;
    Fact reverted = sm::SubmitReverted{ending->tx, reason};
    const Result<void> committed = co_await journal_.commit(std::move(reverted), std::move(ending->side));
    if (committed.has_error()) co_return committed;
    co_return transient_error("submit reverted: " +
                              reason);  // the back-off leaves time to see how the chain ended the JOB, if it did
}

/// The chain's watch brings the draw, the verdict, and what a reorganisation takes back.
Task<Result<void>> Pipeline::await_chain() {
    Wakeup nothing(executor_);
    co_await nothing.wait();
    co_return Result<void>{};
}

}  // namespace emeth::node
