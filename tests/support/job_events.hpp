// Events for tests of statemachine/ and storage/: one plain example of every kind, a JOB in every state, and random
// events from a seed that mostly fit the record and sometimes do not.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "statemachine/transition.hpp"

namespace emeth::test {

using Rng = std::mt19937_64;

/// `value` in the last bytes, so that it reads as a big-endian number.
template <class Bytes>
Bytes numbered(std::uint64_t value) {
    Bytes result;
    for (std::size_t i = 0; i < 8 && i < Bytes::size_bytes; ++i) {
        result.bytes[Bytes::size_bytes - 1 - i] = static_cast<std::uint8_t>(value >> (8 * i));
    }
    return result;
}

statemachine::TxRef tx(std::uint64_t number, std::uint64_t block = 0);
Wei tokens(std::uint64_t whole);
statemachine::Terms terms(std::uint64_t number);

/// One event of every kind, in the order of EventBody; those of the straight path fit straight_path().
std::vector<statemachine::EventBody> event_of_every_kind();

/// From discovered to verified without any failure; excludes the Discovered event.
std::vector<statemachine::EventBody> straight_path();

/// Applies `events` to a discovered JOB; throws std::logic_error if one is rejected.
statemachine::Job job_after(const std::vector<statemachine::EventBody>& events);

/// A JOB in `state`, reached by events alone.
statemachine::Job job_in(statemachine::State state);

/// A random event; in four cases out of five it fits `job`.
statemachine::EventBody random_event(Rng& rng, const statemachine::Job& job);

}  // namespace emeth::test
