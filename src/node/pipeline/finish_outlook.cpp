// A JOB whose deadline is out of reach is given back where that is the cheaper end; one that can still be finished
// never is.
#include <utility>

#include "chain/chain_clock.hpp"
#include "node/pipeline/finish_watch.hpp"
#include "node/pipeline/pipeline.hpp"
#include "runtime/log.hpp"
#include "statemachine/text.hpp"

namespace emeth::node {
namespace {

constexpr Milliseconds look_interval{10'000};

}  // namespace

Task<> Pipeline::watch_outlook() {
    chain::ChainClock chain_clock(ports_.chain, ports_.clock);
    FinishWatch watch(settings_.finish_rules);
    for (;; co_await ports_.clock.sleep(look_interval)) {
        const auto& record = job();
        if (!statemachine::holds_deposit(record.state)) continue;
        const Result<std::int64_t> now = co_await chain_clock.now_unix_s();
        if (now.has_error()) continue;  // the watch of the chain says so
        time_left_s_ = record.terms.deadline_unix_s - *now;
        const bool may_decline = !record.outcome.submit && record.outcome.decline_reason.empty() && !decline_request_;
        if (!may_decline) continue;
        const auto progress = ports_.progress.find(id());
        auto reason = watch.look(job(), progress, *now, ports_.clock.monotonic());
        if (!reason) continue;
        spdlog::warn("{} is given back: {}", short_name(id()), *reason);
        const Result<void> requested = request_decline(std::move(*reason));
        if (requested.has_error()) spdlog::warn("{}", requested.error().message);
    }
}

}  // namespace emeth::node
