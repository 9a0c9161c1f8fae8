#include "node/pipeline/retry_wait.hpp"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "node/pipeline/crash_account.hpp"
#include "runtime/race.hpp"
#include "statemachine/text.hpp"
#include "statemachine/transition.hpp"

namespace emeth::node {

Milliseconds longest_wait(std::optional<std::int64_t> time_left_s) {
    constexpr std::int64_t share = 8, shortest_ms = 1'000;
    if (!time_left_s) return Milliseconds::max();
    return Milliseconds(std::max(std::abs(*time_left_s) * 1'000 / share, shortest_ms));
}

std::optional<std::int64_t> retry_at_unix_ms(const statemachine::Job& job, std::int64_t now_unix_ms) {
    const bool waits =
        !statemachine::is_end(job.state) && job.retry.attempt > 0 && job.retry.retry_at_unix_ms > now_unix_ms;
    return waits ? std::optional(job.retry.retry_at_unix_ms) : std::nullopt;
}

Task<> RetryWait::wait(bool with_worker) {
    const statemachine::Job& job = journal_.job();
    if (job.retry.attempt == 0) co_return;
    const Milliseconds longest =
        is_poison(job) ? poison_wait_max
                       : std::min(backoff(job.retry.attempt, policy(with_worker), 0), longest_wait(time_left_s_));
    const Milliseconds left(job.retry.retry_at_unix_ms - clock_.unix_ms());
    const Milliseconds until = clock_.monotonic() + std::min(left, longest);
    while (!is_waived() && clock_.monotonic() < until) {
        Task<> sleep = clock_.sleep(until - clock_.monotonic());
        Task<> waived = waived_now_.wait();
        co_await race(std::move(sleep), std::move(waived));
    }
}

Result<void> RetryWait::waive() {
    const statemachine::Job& job = journal_.job();
    const std::int64_t now = clock_.unix_ms();
    if (is_waived()) return permanent_error(short_name(job.terms.id) + " is being tried again already");
    if (!retry_at_unix_ms(job, now))
        return permanent_error(short_name(job.terms.id) + " waits for no retry: " + statemachine::why(job, now));
    waived_ = job.retry;
    waived_now_.notify();
    return {};
}

Milliseconds RetryWait::after_failure(std::uint32_t attempt, bool with_worker) const {
    return std::min(backoff(attempt, policy(with_worker), random_.unit()), longest_wait(time_left_s_));
}

Milliseconds RetryWait::after_worker_failure(std::uint32_t attempt) const {
    return backoff(attempt, policies_.of_worker, random_.unit());
}

Task<> RetryWait::give_store_time(Error error) {
    journal_.log().error("{}; the JOB waits", error.message);
    const Milliseconds wait = backoff(++store_failures_, policies_.of_node, random_.unit());
    co_await clock_.sleep(wait);
}

}  // namespace emeth::node
