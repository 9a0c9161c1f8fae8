#include "node/pipeline/finish_outlook.hpp"

#include <utility>

#include "chain/chain_clock.hpp"
#include "node/market/finish_estimate.hpp"
#include "runtime/log.hpp"
#include "statemachine/text.hpp"

namespace emeth::node {
namespace {

constexpr Milliseconds look_interval{10'000};

}  // namespace

Task<> FinishOutlook::run() {
    chain::ChainClock chain_clock(ports_.chain, ports_.clock);
    FinishWatch watch(settings_.finish);
    for (;; co_await ports_.clock.sleep(look_interval)) {
        const auto& job = ports_.journal.job();
        if (!statemachine::holds_deposit(job.state)) continue;
        const Result<std::int64_t> now = co_await chain_clock.now_unix_s();
        if (now.has_error()) continue;  // ChainWatch reports it
        ports_.retry.set_time_left(job.terms.deadline_unix_s - *now);
        const bool may_decline =
            !job.outcome.submit && job.outcome.decline_reason.empty() && !ports_.interruptions.decline_is_requested();
        if (!may_decline) continue;
        FinishWatch::Seen seen{ports_.progress.seen(job.terms.id), why_hopeless(), *now};
        auto reason = watch.look(job, std::move(seen), ports_.clock.monotonic());
        if (!reason) continue;
        spdlog::warn("{} is given back: {}", short_name(job.terms.id), *reason);
        const Result<void> requested = ports_.interruptions.request_decline(std::move(*reason));
        if (requested.has_error()) spdlog::warn("{}", requested.error().message);
    }
}

std::optional<std::string> FinishOutlook::why_hopeless() const {
    const auto work = workload_of(ports_.journal.job().terms, settings_.network);
    if (work.has_error()) return std::nullopt;  // the order says so
    return ports_.futility.reason(ports_.workers.workers(), work->model);
}

}  // namespace emeth::node
