#include "node/pipeline/finish_outlook.hpp"

#include <utility>

#include "chain/amount.hpp"
#include "chain/chain_clock.hpp"
#include "runtime/reminder.hpp"
#include "runtime/subject_log.hpp"
#include "statemachine/delivery.hpp"

namespace emeth::node {
namespace {

constexpr Milliseconds look_interval{10'000};

}  // namespace

Task<> FinishOutlook::run() {
    chain::ChainClock chain_clock(ports_.chain, ports_.clock);
    FinishWatch watch(rules_);
    Reminder endangered(ports_.clock);
    for (;; co_await ports_.clock.sleep(look_interval)) {
        const auto& job = ports_.journal.job();
        if (!statemachine::holds_deposit(job.state)) continue;
        const Result<std::int64_t> now = co_await chain_clock.now_unix_s();
        if (now.has_error()) continue;  // ChainWatch reports it
        ports_.retry.set_time_left(job.terms.deadline_unix_s - *now);
        const bool may_decline =
            !job.outcome.submit && job.outcome.decline_reason.empty() && !ports_.interruptions.decline_is_requested();
        if (!may_decline) continue;
        FinishWatch::Seen seen{ports_.progress.seen(job.terms.id), ports_.takeover.why_hopeless(), *now,
                               ports_.takeover.workers_at_hand()};
        const bool is_hopeless = seen.hopeless.has_value();
        auto reason = watch.look(job, std::move(seen), ports_.clock.monotonic());
        const auto danger = watch.danger();
        if (!danger && endangered.ended()) log_of(job).info("its deposit is out of danger");
        if (danger && endangered.is_due("deadline"))
            log_of(job).warn("its deposit of {} EMT is in danger: {}", chain::format_coins(job.deposit.deposit),
                             *danger);
        if (!reason) continue;
        const std::int64_t left_s = job.terms.deadline_unix_s - *now;
        Result<void> requested;
        if (is_hopeless) {
            ports_.takeover.blame_witnesses();
            requested = give_back(*std::move(reason));
        } else {
            requested = co_await give_up(*std::move(reason), left_s);
        }
        if (requested.has_error()) ports_.journal.log().warn("{}", requested.error().message);
    }
}

Result<void> FinishOutlook::give_back(std::string reason) {
    ports_.journal.log().warn("given back: {}", reason);
    return ports_.interruptions.request_decline(std::move(reason));
}

/// A worker that tells of fewer steps than it can do, or of more than there are, must not cost the deposit either.
Task<Result<void>> FinishOutlook::give_up(std::string reason, std::int64_t left_s) {
    const auto& job = ports_.journal.job();
    const std::uint64_t lease = job.lease.number;
    const bool is_slow = job.lease.active && !job.training.artifact &&
                         statemachine::hold_of(job.state) == statemachine::WorkerHold::work;
    if (!is_slow) co_return give_back(std::move(reason));
    const Takeover::Other other = co_await ports_.takeover.another_that_could_finish(left_s);
    if (!job.lease.active || job.lease.number != lease || job.training.artifact) co_return Result<void>{};
    if (other == Takeover::Other::busy) co_return Result<void>{};  // wait for it
    if (other == Takeover::Other::none) {
        ports_.takeover.note_slow_holder();
        co_return give_back(std::move(reason));
    }
    log_of(job).warn("goes to another worker: {}", reason);
    ports_.interruptions.request_takeover(lease, std::move(reason));
    co_return Result<void>{};
}

}  // namespace emeth::node
