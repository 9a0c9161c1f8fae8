// Whether a process's memory grows while it lives: samples of its resident set, and what they say.
#pragma once

#include <cstdint>
#include <vector>

#include "runtime/clock.hpp"

namespace emeth::soak {

struct MemorySample {
    Milliseconds age{0};  ///< of the process
    std::uint64_t rss_bytes = 0;
};

/// Of one process's life, samples in the order of age: mean of its last minute less mean of its first one, in MiB; of a
/// life shorter than two minutes, of its halves. The first `settling` of a life, when it loads what it needs, does not
/// count. Zero when less than two samples remain.
inline constexpr Milliseconds settling{5'000};
double growth_mib(const std::vector<MemorySample>& life);

}  // namespace emeth::soak
