#include "trainer/data/seed.hpp"

#include <fmt/format.h>

#include <bit>
#include <cassert>
#include <cmath>
#include <numbers>

#include "crypto/sha256.hpp"

namespace emeth::trainer {
namespace {

/// The finaliser of SplitMix64: every input bit moves every output bit.
std::uint64_t mix(std::uint64_t value) {
    value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
    value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
    return value ^ (value >> 31);
}

std::uint64_t word_of(const Hash256& seed, std::size_t index) {
    std::uint64_t word = 0;
    for (std::size_t i = 0; i < 8; ++i) word = word << 8 | seed.bytes[8 * index + i];
    return word;
}

}  // namespace

Hash256 derive_seed(const JobId& job, std::string_view label) {
    return crypto::sha256(fmt::format("emeth/trainer/1/{}/{}", label, job.hex()));
}

SeededStream::SeededStream(const Hash256& seed) {
    for (std::size_t i = 0; i < state_.size(); ++i) state_[i] = word_of(seed, i);
}

std::uint64_t SeededStream::next() {
    const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
    const std::uint64_t shifted = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = std::rotl(state_[3], 45);
    return result;
}

std::uint64_t SeededStream::below(std::uint64_t bound) {
    assert(bound > 0);
    // Values of the last, incomplete run of `bound` are drawn again: no remainder is favoured.
    const std::uint64_t excess = (0 - bound) % bound;
    std::uint64_t value = next();
    while (value < excess) value = next();
    return value % bound;
}

double SeededStream::unit() {
    return static_cast<double>((next() >> 11) + 1) * 0x1p-53;
}

double SeededStream::normal() {
    if (has_spare_) {
        has_spare_ = false;
        return spare_;
    }
    const double radius = std::sqrt(-2 * std::log(unit()));
    const double angle = 2 * std::numbers::pi * unit();
    spare_ = radius * std::sin(angle);
    has_spare_ = true;
    return radius * std::cos(angle);
}

Permutation::Permutation(std::uint64_t size, const Hash256& seed, std::uint64_t round) : size_(size) {
    assert(size > 0);
    const unsigned bits = static_cast<unsigned>(std::bit_width(size - 1));
    half_bits_ = std::max(1u, (bits + 1) / 2);
    for (std::size_t i = 0; i < keys_.size(); ++i)
        keys_[i] = mix(word_of(seed, i % 4) ^ mix(round + 1) ^ mix(0x9e3779b97f4a7c15 * (i + 1)));
}

std::uint64_t Permutation::encipher(std::uint64_t value) const {
    const std::uint64_t mask = (std::uint64_t{1} << half_bits_) - 1;
    std::uint64_t left = value >> half_bits_;
    std::uint64_t right = value & mask;
    for (const std::uint64_t key : keys_) {
        const std::uint64_t next = left ^ (mix(right ^ key) & mask);
        left = right;
        right = next;
    }
    return left << half_bits_ | right;
}

std::uint64_t Permutation::operator()(std::uint64_t index) const {
    assert(index < size_);
    std::uint64_t value = encipher(index);
    while (value >= size_) value = encipher(value);
    return value;
}

}  // namespace emeth::trainer
