#include "runtime/retry_policy.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace emeth {

Milliseconds backoff(std::uint32_t attempt, const RetryPolicy& policy, double unit_random) {
    assert(attempt >= 1 && policy.factor >= 1 && policy.first.count() >= 0 && policy.max >= policy.first);
    assert(policy.jitter >= 0 && policy.jitter <= 1 && unit_random >= 0 && unit_random < 1);
    // A large attempt makes the power infinite, and 0 · infinity is NaN: both yield `max`.
    const double growth = std::pow(policy.factor, static_cast<double>(attempt - 1));
    const double longest = static_cast<double>(policy.max.count());
    const double wait =
        std::isfinite(growth) ? std::min(static_cast<double>(policy.first.count()) * growth, longest) : longest;
    return Milliseconds(std::llround(std::ceil(wait * (1 - policy.jitter * unit_random))));
}

}  // namespace emeth
