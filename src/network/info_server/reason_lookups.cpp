#include "network/info_server/reason_lookups.hpp"

#include "runtime/retry_policy.hpp"

namespace emeth::network {
namespace {

constexpr RetryPolicy retry_policy{
    .first = Milliseconds(1'000), .factor = 2, .max = Milliseconds(3'600'000), .jitter = 0};
constexpr Milliseconds idle_interval{200};

}  // namespace

void ReasonLookups::want(const JobId& job) {
    known_.erase(job);
    tries_[job] = 0;
    queue_.emplace(clock_.monotonic(), job);
}

std::optional<std::string> ReasonLookups::reason_of(const JobId& job) const {
    const auto found = known_.find(job);
    return found == known_.end() ? std::nullopt : std::optional(found->second);
}

Task<> ReasonLookups::ask(JobId job) {
    const auto answer = co_await storage_.verdict_reason(job);
    if (answer.has_value() && *answer) {
        known_[job] = (*answer)->text;
        tries_.erase(job);
        co_return;
    }
    const std::uint32_t tries = ++tries_[job];
    if (tries < tries_max)
        queue_.emplace(clock_.monotonic() + backoff(tries, retry_policy, 0), job);
    else
        tries_.erase(job);
}

Task<> ReasonLookups::run() {
    for (;;) {
        if (queue_.empty() || queue_.begin()->first > clock_.monotonic()) {
            co_await clock_.sleep(idle_interval);
            continue;
        }
        const JobId job = queue_.begin()->second;
        queue_.erase(queue_.begin());
        if (!known_.contains(job)) co_await ask(job);
    }
}

}  // namespace emeth::network
