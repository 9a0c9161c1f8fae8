// Attributes crashes of the process to the JOB that it was working on. They are counted at the next start, and a JOB
// that crashes the process repeatedly is left alone for a long time so that the others can proceed.
#pragma once

#include <cstdint>

#include "runtime/clock.hpp"
#include "runtime/crash_marker.hpp"
#include "runtime/result.hpp"
#include "storage/job_store.hpp"

namespace emeth::node {

/// This many crashes in a row without durable progress in between are no accident.
inline constexpr std::uint32_t poison_crashes = 3;
inline constexpr Milliseconds poison_wait_min{60'000};
inline constexpr Milliseconds poison_wait_max{30 * 60'000};

inline bool is_poison(const statemachine::Job& job) {
    return job.retry.crashes >= poison_crashes;
}

/// How long such a JOB is left alone: a quarter of the time left until its deadline, within the bounds above, so that
/// it is tried again while that can still help.
Milliseconds poison_wait(std::int64_t seconds_left);

/// Durably records `crash` against the JOB that was being worked on, once however often it is called. Blocks; call it
/// before any pipeline runs. Error: the store's.
Result<void> count_crash(storage::JobStore& store, const crash::Crash& crash, std::int64_t now_unix_ms,
                         std::int64_t chain_now_unix_s);

}  // namespace emeth::node
