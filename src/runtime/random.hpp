// Randomness as a port: the system's generator, or the seeded one of the simulation.
#pragma once

#include <cstdint>
#include <span>

namespace emeth {

class Random {
public:
    virtual ~Random() = default;
    /// Fills `out` with bytes fit for keys and challenges.
    virtual void fill(std::span<std::uint8_t> out) = 0;
    /// Uniform in [0, 1).
    double unit();
};

/// getrandom(2); thread-safe.
Random& system_random();

}  // namespace emeth
