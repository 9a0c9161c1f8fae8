#include "node/pipeline/submission.hpp"

#include <utility>

#include "chain/encoding/emeth_core.hpp"

namespace emeth::node {

namespace sm = statemachine;

Task<Result<void>> Submission::sign() {
    auto data = chain::encode_submit(journal_.id(), journal_.job().upload.file_name);
    auto commit = [this](std::vector<storage::OutboxEntry> entries) { return commit_signed(std::move(entries)); };
    co_return co_await transactions_.send(storage::TxKind::submit, std::move(data), std::move(commit));
}

Task<Result<void>> Submission::commit_signed(std::vector<storage::OutboxEntry> entries) {
    Fact fact = sm::SubmitSigned{signed_tx(entries.front())};
    storage::SideWrites side{std::move(entries)};
    co_return co_await journal_.commit(std::move(fact), std::move(side));
}

Task<Result<void>> Submission::await() {
    const sm::TxRef submit = *journal_.job().outcome.submit;
    Result<TxEnding> ending = co_await transactions_.await_ending(submit);
    if (ending.has_error()) co_return ending.error();
    if (ending->succeeded) {
        Fact confirmed = sm::SubmitConfirmed{ending->tx};
        co_return co_await journal_.commit(std::move(confirmed), std::move(ending->side));
    }
    Fact reverted = sm::SubmitReverted{ending->tx, ending->reason};
    const Result<void> committed = co_await journal_.commit(std::move(reverted), std::move(ending->side));
    if (committed.has_error()) co_return committed;
    // The back-off leaves time to see whether the chain has ended the JOB, and how.
    co_return transient_error("submit reverted: " + ending->reason);
}

}  // namespace emeth::node
