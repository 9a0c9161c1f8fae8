// Whether a process's memory grows during its life, judged by samples of its resident set.
#pragma once

#include <cstdint>
#include <vector>

#include "runtime/clock.hpp"

namespace emeth::soak {

struct MemorySample {
    Milliseconds age{0};  ///< of the process
    std::uint64_t rss_bytes = 0;
};

/// The beginning of a life, while the process loads what it needs, does not count.
inline constexpr Milliseconds settling{5'000};

/// Of one process's life, in the order of age: the mean of its last minute less the mean of its first one, in MiB; in a
/// life shorter than two minutes, of its halves. Zero if fewer than two samples remain after `settling`.
double growth_mib(const std::vector<MemorySample>& life);

}  // namespace emeth::soak
