// What a JOB does to the process that works on it: crashes are counted against it at the next start, and a JOB that
// crashes it again and again is left alone for long, so that the others go on.
#pragma once

#include <cstdint>

#include "runtime/clock.hpp"
#include "runtime/crash_marker.hpp"
#include "runtime/result.hpp"
#include "storage/job_store.hpp"

namespace emeth::node {

/// So many crashes in a row, without durable progress between, are no accident.
inline constexpr std::uint32_t poison_crashes = 3;
inline constexpr Milliseconds poison_wait_min{60'000};
inline constexpr Milliseconds poison_wait_max{30 * 60'000};

inline bool is_poison(const statemachine::Job& job) {
    return job.retry.crashes >= poison_crashes;
}

/// How long such a JOB is left alone: a quarter of what is left until its deadline, within the bounds above, so that it
/// is tried again while that can still help.
Milliseconds poison_wait(std::int64_t seconds_left);

/// Holds `crash` durably against the JOB whose work it was, once however often it is called. Blocks; before any
/// pipeline runs. Error: the store's.
Result<void> count_crash(storage::JobStore& store, const crash::Crash& crash, std::int64_t now_unix_ms,
                         std::int64_t chain_now_unix_s);

}  // namespace emeth::node
