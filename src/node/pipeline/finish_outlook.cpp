#include "node/pipeline/finish_outlook.hpp"

#include <utility>

#include "chain/amount.hpp"
#include "chain/chain_clock.hpp"
#include "runtime/log.hpp"
#include "runtime/reminder.hpp"
#include "statemachine/text.hpp"

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
        const auto progress = ports_.progress.seen(job.terms.id);
        auto reason = watch.look(job, progress, *now, ports_.clock.monotonic());
        const auto danger = watch.danger();
        if (!danger && endangered.ended()) spdlog::info("{}: its deposit is out of danger", short_name(job.terms.id));
        if (danger && endangered.is_due("deadline"))
            spdlog::warn("{}: its deposit of {} EMT is in danger: {}", short_name(job.terms.id),
                         chain::format_coins(job.deposit.deposit), *danger);
        if (!reason) continue;
        spdlog::warn("{} is given back: {}", short_name(job.terms.id), *reason);
        const Result<void> requested = ports_.interruptions.request_decline(std::move(*reason));
        if (requested.has_error()) spdlog::warn("{}", requested.error().message);
    }
}

}  // namespace emeth::node
