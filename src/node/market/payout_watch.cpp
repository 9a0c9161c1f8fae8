#include "node/market/payout_watch.hpp"

#include <algorithm>
#include <utility>

#include "chain/amount.hpp"
#include "runtime/log.hpp"
#include "statemachine/text.hpp"

namespace emeth::node {
namespace {

using chain::format_coins;
using chain::JobStatus;

/// What was looked at is written at least this often; a restart reads the rest again.
constexpr std::uint64_t blocks_per_note = 1'000;

std::uint64_t before(std::uint64_t block, std::uint64_t blocks) {
    return block > blocks ? block - blocks : 0;
}

}  // namespace

Task<Result<std::optional<Payout>>> PayoutWatch::worst() {
    const AsyncMutex::Lock lock = co_await one_at_a_time_.lock();
    const Result<void> looked = co_await look();
    if (looked.has_error()) co_return looked.error();
    tell();
    co_return worst_of(known_.newest);
}

Task<Result<void>> PayoutWatch::look() {
    const Result<void> restored = co_await restore();
    if (restored.has_error()) co_return restored;
    const Result<chain::Block> latest = co_await ports_.chain.latest_block();
    if (latest.has_error()) co_return latest.error();
    const std::uint64_t head = latest->number;
    if (looked_to_ == head) co_return Result<void>{};
    const Milliseconds now = ports_.clock.monotonic();
    reads_others_ = known_.newest.size() < payouts_max || worst_of(known_.newest) || !others_read_at_ ||
                    now - *others_read_at_ >= others_again_after;
    std::uint64_t first = before(head, blocks_back_max);
    if (const auto& known_to = reads_others_ ? others_looked_to_ : looked_to_)
        first = std::max(first, before(std::min(*known_to, head) + 1, chain::reorganisation_blocks_max));
    const Result<std::vector<chain::StatusLog>> found = co_await verdicts(first, head);
    if (found.has_error()) co_return found.error();
    std::vector<Payout> seen;
    for (const chain::StatusLog& verdict : *found) {
        if (seen.size() == payouts_max) break;
        const Result<std::optional<Payout>> payout = co_await payout_of(verdict);
        if (payout.has_error() && !goes_on(payout.error())) co_return payout.error();
        if (payout.has_value() && *payout) seen.push_back(**payout);
    }
    if (reads_others_) others_read_at_ = now;
    if (reads_others_) others_looked_to_ = head;
    failures_ = 0;
    looked_to_ = head;
    const bool is_news = !seen.empty();
    known_.newest = newest_of(std::move(seen), known_.newest, payouts_max);
    if (!is_news && stored_to_ && head < *stored_to_ + blocks_per_note) co_return Result<void>{};
    co_return co_await store(head);
}

Task<Result<void>> PayoutWatch::restore() {
    if (restored_) co_return Result<void>{};
    auto read = [this] { return ports_.notes.cursor("payouts/" + options_.constants.core.hex()); };
    const Result<std::optional<std::string>> text = co_await ports_.pool.run(std::move(read));
    if (text.has_error()) co_return text.error();
    restored_ = true;
    if (!*text) co_return Result<void>{};
    Result<PayoutNote> note = read_payout_note(**text);
    if (note.has_error()) {
        spdlog::warn("{}; it is read from the chain again", note.error().message);
        co_return Result<void>{};
    }
    known_ = std::move(*note);
    looked_to_ = stored_to_ = others_looked_to_ = known_.looked_to_block;
    co_return Result<void>{};
}

Task<Result<void>> PayoutWatch::store(std::uint64_t head) {
    known_.looked_to_block = others_looked_to_.value_or(head);
    auto write = [this] {
        return ports_.notes.set_cursor("payouts/" + options_.constants.core.hex(), to_text(known_));
    };
    const Result<void> stored = co_await ports_.pool.run(std::move(write));
    if (stored.has_value()) stored_to_ = head;
    co_return stored;
}

bool PayoutWatch::counts(const chain::StatusLog& log) const {
    if (log.status != JobStatus::verified || log.node == options_.constants.verifier) return false;
    if (!reads_others_ && log.node != options_.self) return false;
    return std::ranges::find(known_.newest, log.transaction, &Payout::transaction) == known_.newest.end();
}

/// Newest first, as many as are examined.
Task<Result<std::vector<chain::StatusLog>>> PayoutWatch::verdicts(std::uint64_t first, std::uint64_t head) {
    std::vector<chain::StatusLog> found;
    for (std::uint64_t end = head;;) {
        const bool is_newest = end == head;
        const std::uint64_t begin = std::max(first, before(end + 1, is_newest ? newest_blocks : blocks_at_once));
        const Result<std::vector<chain::StatusLog>> logs = co_await ports_.chain.all_status_logs(begin, end);
        if (logs.has_error() && (is_newest || !goes_on(logs.error()))) co_return logs.error();
        if (logs.has_error()) break;
        for (auto log = logs->rbegin(); log != logs->rend() && found.size() < examined_max; ++log)
            if (counts(*log)) found.push_back(*log);
        if (begin == first || found.size() == examined_max) break;
        end = begin - 1;
    }
    co_return found;
}

/// None: its receipt does not tell.
Task<Result<std::optional<Payout>>> PayoutWatch::payout_of(chain::StatusLog verdict) {
    const Result<chain::Settlement> settlement = co_await ports_.chain.settlement(verdict.transaction, verdict.node);
    if (settlement.has_error()) co_return settlement.error();
    if (!settlement->received) co_return std::optional<Payout>();
    const Result<chain::JobRecord> record = co_await ports_.chain.job(verdict.job);
    if (record.has_error()) co_return record.error();
    const Result<chain::JobAssign> assign = co_await ports_.chain.job_assign(verdict.job);
    if (assign.has_error()) co_return assign.error();
    // A contract may forget the deposit that it has decided about.
    const Wei deposit = std::max(assign->deposit, chain::rate_of(record->fee, options_.constants.deposit_rate));
    const Wei due = due_by_the_rules(deposit, record->fee, options_.constants.verifier_fee);
    co_return std::optional(
        Payout{verdict.job, verdict.transaction, verdict.block, deposit, due, *settlement->received});
}

bool PayoutWatch::goes_on(const Error& failure) {
    if (failures_ >= failures_max) {
        spdlog::debug("what verified JOBs were paid cannot all be read: {}", failure.message);
        return true;
    }
    ++failures_;
    return false;
}

void PayoutWatch::tell() {
    const std::optional<Payout> worst = worst_of(known_.newest);
    if (!worst) {
        if (told_at_) spdlog::info("verified JOBs are paid what the rules say again");
        told_at_.reset();
        return;
    }
    const bool is_accepted = shortfall_of(*worst) <= options_.shortfall_max;
    const Milliseconds now = ports_.clock.monotonic();
    if (told_at_ && (is_accepted || now - *told_at_ < told_again_after)) return;
    told_at_ = now;
    spdlog::log(
        is_accepted ? spdlog::level::warn : spdlog::level::err,
        "verified JOBs are paid less than the rules say: {} brought its node {} EMT, not deposit and fee less "
        "the verifier's fee, {} EMT (transaction {}); {} shortfall_max, which is {} EMT",
        short_name(worst->job), format_coins(worst->paid), format_coins(worst->due), worst->transaction.hex(),
        is_accepted ? "JOBs are taken as far as they lack no more than" : "no JOB is taken that would lack more than",
        format_coins(options_.shortfall_max));
}

}  // namespace emeth::node
