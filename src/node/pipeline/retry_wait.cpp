#include "node/pipeline/retry_wait.hpp"

#include <algorithm>
#include <cstdlib>

#include "node/pipeline/crash_account.hpp"

namespace emeth::node {

Milliseconds longest_wait(std::optional<std::int64_t> time_left_s) {
    constexpr std::int64_t share = 8, shortest_ms = 1'000;
    if (!time_left_s) return Milliseconds::max();
    return Milliseconds(std::max(std::abs(*time_left_s) * 1'000 / share, shortest_ms));
}

Task<> RetryWait::wait(bool with_worker) {
    const statemachine::Job& job = journal_.job();
    if (job.retry.attempt == 0) co_return;
    const Milliseconds longest =
        is_poison(job) ? poison_wait_max
                       : std::min(backoff(job.retry.attempt, policy(with_worker), 0), longest_wait(time_left_s_));
    const Milliseconds left(job.retry.retry_at_unix_ms - clock_.unix_ms());
    if (left > Milliseconds::zero()) co_await clock_.sleep(std::min(left, longest));
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
