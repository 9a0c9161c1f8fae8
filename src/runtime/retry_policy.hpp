// Exponential back-off with jitter, as a plain function: who waits, and on which clock, is up to the caller.
#pragma once

#include <cstdint>

#include "runtime/clock.hpp"

namespace emeth {

struct RetryPolicy {
    Milliseconds first{1'000};  ///< before the second attempt
    double factor = 2;          ///< each further wait is longer by this factor; at least 1
    Milliseconds max{300'000};  ///< no wait is longer
    double jitter =
        0.25;  ///< 0 to 1: the share of the wait that may be cut at random, so that many callers do not retry at once
};

/// The wait after attempt number `attempt` (from 1) has failed. `unit_random` is in [0, 1) (Random::unit()).
/// The result lies in (d · (1 − jitter), d] with d = min(first · factor^(attempt−1), max).
Milliseconds backoff(std::uint32_t attempt, const RetryPolicy& policy, double unit_random);

}  // namespace emeth
