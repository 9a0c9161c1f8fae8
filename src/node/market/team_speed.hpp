// How much sooner a team trains a JOB than one of its workers alone: what may be assumed before a deposit, of a network
// that nobody has measured. Pure.
//
// Two bounds, and the lower one counts. Each worker after the first adds 35% of one worker's speed: measured were 94%
// over 1 Gbit/s and 39% over 100 Mbit/s (d512, two workers). And each step computes a share of its sequences, but then
// sums the gradients over a line of 100 Mbit/s, so that small models, and machines that compute a step in no time,
// gain nothing.
//
// Helpers come later than the leader: they are called when it begins to train, and only then fetch and tokenise the
// dataset. Until they come it trains alone.
//
// An example: 8,000 s of training alone in 500 steps of 16 s; 1,000,000 weights; helpers come after 940 s and a minute
// for the call. In a team of 3 a step takes 16 / 3 s and 2 · 2/3 · 4,000,000 bytes / 12.5 MB/s = 5.76 s, which is 2.78
// times as fast, but 1 + 2 · 0.35 = 1.7 is less and counts: 1,000 + (8,000 − 1,000) / 1.7 = 5,118 s.
#pragma once

#include <cstdint>

namespace emeth::node {

/// A team of more has never been measured, and each one more adds a machine that may fail.
inline constexpr std::uint32_t team_workers_max = 8;

/// Of one JOB.
struct TeamTraining {
    double alone_s = 0;               ///< what one worker needs for all of it
    double steps = 0;                 ///< of an optimiser
    double helpers_join_after_s = 0;  ///< once they are called
    std::uint64_t weights = 0;        ///< of the model
};

/// At least 1.
double team_speed(const TeamTraining& training, std::uint32_t workers);
/// At most `alone_s`.
double team_training_s(const TeamTraining& training, std::uint32_t workers);

}  // namespace emeth::node
