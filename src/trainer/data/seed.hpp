// All randomness of a training run comes from the JOB's id, so that node and verifier draw the same.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "statemachine/types.hpp"

namespace emeth::trainer {

/// SHA-256 of "emeth/trainer/1/<label>/<job id>". Labels: "weights", "order", "validation", "tokenizer".
Hash256 derive_seed(const JobId& job, std::string_view label);

/// xoshiro256** by Blackman and Vigna: a stream of random numbers that is the same on every machine.
class SeededStream {
public:
    explicit SeededStream(const Hash256& seed);
    std::uint64_t next();
    /// Uniform in [0, bound); bound > 0.
    std::uint64_t below(std::uint64_t bound);
    /// Uniform in (0, 1].
    double unit();
    /// Standard normal deviate (Box and Muller).
    double normal();

private:
    std::array<std::uint64_t, 4> state_{};
    double spare_ = 0;
    bool has_spare_ = false;
};

/// A seeded permutation of [0, size) in constant memory: a Feistel network over the next even number of bits, walked
/// until the value falls into range.
class Permutation {
public:
    /// `round` (the epoch) distinguishes permutations of one seed.
    Permutation(std::uint64_t size, const Hash256& seed, std::uint64_t round);
    /// index < size.
    [[nodiscard]] std::uint64_t operator()(std::uint64_t index) const;

private:
    [[nodiscard]] std::uint64_t encipher(std::uint64_t value) const;

    static constexpr int rounds = 6;
    std::uint64_t size_;
    unsigned half_bits_;
    std::array<std::uint64_t, rounds> keys_{};
};

}  // namespace emeth::trainer
