#include "node/pipeline/chain_watch.hpp"

#include <utility>

#include "runtime/subject_log.hpp"

namespace emeth::node {

namespace sm = statemachine;
using chain::JobStatus;

Task<> ChainWatch::run() {
    bool healthy = true;
    for (;; co_await ports_.clock.sleep(poll_interval_)) {
        if (!sm::holds_deposit(job().state) || ports_.interruptions.has_chain_fact()) continue;
        Result<std::optional<Fact>> seen = co_await look();
        if (seen.has_error() && healthy)
            ports_.journal.log().warn("cannot look at the chain: {}; will retry", seen.error().message);
        healthy = seen.has_value();
        if (healthy && *seen) ports_.interruptions.put_chain_fact(std::move(**seen));
    }
}

Task<Result<std::optional<Fact>>> ChainWatch::look() {
    if (!job().deposit.process) co_return std::optional<Fact>();
    const Result<chain::Block> latest = co_await ports_.chain.latest_block();
    if (latest.has_error()) co_return latest.error();
    const std::uint64_t from_block = first_block_to_read(job());
    Result<std::vector<chain::StatusLog>> logs = co_await ports_.chain.status_logs(ports_.journal.id(), from_block);
    if (logs.has_error()) co_return logs.error();
    ChainView view{latest->number, std::move(*logs)};
    if (const auto end = find_end(job(), view, rules_)) {
        std::optional<chain::StatusLog> submit = find_submit(view, rules_.self);
        co_return co_await read_end(*end, std::move(submit));
    }
    std::optional<Fact> draw = find_draw(job(), view, rules_);
    Result<std::optional<Fact>> taken_back = co_await find_reorganisation(std::move(view.logs));
    if (taken_back.has_error() || *taken_back) co_return taken_back;
    co_return draw;
}

Task<Result<std::optional<Fact>>> ChainWatch::read_end(chain::StatusLog log, std::optional<chain::StatusLog> submit) {
    EndDetails details;
    if (log.status == JobStatus::declined) co_return fact_of_end(job(), log, details);
    const Result<std::int64_t> at_unix_s = co_await ends_.block_unix_s(log.block);
    if (at_unix_s.has_error()) co_return at_unix_s.error();
    details.at_unix_s = *at_unix_s;
    const Result<chain::Settlement> settlement = co_await ends_.settlement(log.transaction, rules_.self);
    if (settlement.has_error()) co_return settlement.error();
    if (log.status == JobStatus::verified) {
        const Result<chain::JobAssign> assign = co_await ports_.chain.job_assign(ports_.journal.id());
        if (assign.has_error()) co_return assign.error();
        details.gas = assign->gas;
        details.paid = settlement->received;
        if (details.at_unix_s == 0) details.at_unix_s = assign->verified_at_unix_s;
    } else {
        details.penalty = loss_of(job(), *settlement, rules_.self);
    }
    if (log.status == JobStatus::failed) {
        const auto judged = submit ? std::optional(submit->block_hash) : std::nullopt;
        Result<std::string> reason = co_await reasons_.read(ports_.journal.id(), judged);
        if (reason.has_error()) co_return reason.error();
        details.reason = std::move(*reason);
    }
    co_return fact_of_end(job(), log, details);
}

/// What was once confirmed must still be there. The logs show it at no extra cost; if they do not, the receipts decide.
Task<Result<std::optional<Fact>>> ChainWatch::find_reorganisation(std::vector<chain::StatusLog> logs) {
    const std::vector<ConfirmedTx> confirmed = confirmed_transactions(job());
    for (const ConfirmedTx& one : confirmed) {
        const Result<bool> there = co_await is_on_chain(one.tx, logs);
        if (there.has_error()) co_return there.error();
        if (!*there) co_return std::optional<Fact>(sm::ReorgedOut{one.fact});
    }
    co_return std::optional<Fact>();
}

/// Any variant counts: after a reorganisation a different one may have been mined.
Task<Result<bool>> ChainWatch::is_on_chain(sm::TxRef tx, std::vector<chain::StatusLog> logs) {
    if (tells_of(logs, {tx.hash})) co_return true;
    const Result<std::vector<Hash256>> variants = co_await ports_.sender.variants(tx.nonce, tx.hash);
    if (variants.has_error()) co_return variants.error();
    if (tells_of(logs, *variants)) co_return true;
    const Result<std::optional<chain::Receipt>> receipt = co_await ports_.sender.receipt(tx.nonce, tx.hash);
    if (receipt.has_error()) co_return receipt.error();
    // Mined anew behind another node's transaction, it may have reverted.
    co_return receipt->has_value() && (*receipt)->succeeded;
}

}  // namespace emeth::node
