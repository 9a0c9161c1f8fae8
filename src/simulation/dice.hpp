// The only source of randomness in a simulated life: everything that happens follows from its seed.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>

#include "runtime/random.hpp"

namespace emeth::simulation {

/// SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014).
class Dice final : public Random {
public:
    explicit Dice(std::uint64_t seed) : state_(seed) {}

    std::uint64_t next() {
        std::uint64_t z = (state_ += 0x9e3779b97f4a7c15);
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        return z ^ (z >> 31);
    }
    /// Uniform in [from, to].
    std::int64_t between(std::int64_t from, std::int64_t to) {
        return from + static_cast<std::int64_t>(next() % static_cast<std::uint64_t>(to - from + 1));
    }
    /// True with probability `share`.
    bool chance(double share) { return unit() < share; }
    /// An independent stream, so that the draws of one part of the world do not shift those of another.
    Dice split() { return Dice(next()); }

    void fill(std::span<std::uint8_t> out) override {
        std::generate(out.begin(), out.end(), [this] { return static_cast<std::uint8_t>(next()); });
    }

private:
    std::uint64_t state_;
};

/// An id, address or hash of its own for each number, the same in every run.
template <class Bytes>
Bytes numbered(std::uint64_t number) {
    Bytes value;
    Dice(number * 0x2545f4914f6cdd1d + Bytes::size_bytes).fill(value.bytes);
    return value;
}

}  // namespace emeth::simulation
