#include "network/verifier/verdict_sender.hpp"

#include <fmt/format.h>

#include <utility>

#include "chain/encoding/transaction.hpp"
#include "runtime/failpoint.hpp"

namespace emeth::network {
namespace {

using storage::OutboxEntry;

bool calls_with(const OutboxEntry& entry, const chain::Bytes& data) {
    const auto decoded = chain::decode_transaction(entry.raw);
    return decoded.has_value() && decoded->transaction.data == data;
}

}  // namespace

Task<Result<void>> VerdictSender::call(JobId job, chain::Bytes data, std::string what) {
    const auto earlier = co_await earlier_calls(job);
    if (earlier.has_error()) co_return in_context(what, earlier.error());
    for (const OutboxEntry& entry : *earlier) {
        const auto outcome = co_await ports_.sender.await_outcome(entry.nonce, entry.hash);
        const bool took_effect = outcome.has_value() && outcome->receipt.succeeded;
        if (took_effect && calls_with(entry, data)) co_return Result<void>{};
        if (took_effect)
            co_return transient_error(
                fmt::format("{}: another call about the JOB took effect before, in transaction {}", what,
                            outcome->receipt.transaction.hex()));
    }
    chain::Intent intent;
    intent.job = job;
    intent.to = core_;
    intent.data = std::move(data);
    failpoint::before("send", what);
    const auto entry = co_await ports_.sender.send_and_store(std::move(intent));
    failpoint::after("send", what);
    if (entry.has_error()) co_return in_context(what, entry.error());
    const auto outcome = co_await ports_.sender.await_outcome(entry->nonce, entry->hash);
    if (outcome.has_error()) co_return in_context(what, outcome.error());
    if (!outcome->receipt.succeeded) co_return transient_error(what + " reverted: " + outcome->revert_reason);
    co_return Result<void>{};
}

/// Those that may still take effect, or have done so while no process saw it.
Task<Result<std::vector<OutboxEntry>>> VerdictSender::earlier_calls(JobId job) {
    auto read = [outbox = &ports_.outbox] { return outbox->pending(); };
    Result<std::vector<OutboxEntry>> pending = co_await ports_.pool.run(read);
    if (pending.has_value()) std::erase_if(*pending, [&](const OutboxEntry& entry) { return entry.job != job; });
    co_return pending;
}

}  // namespace emeth::network
