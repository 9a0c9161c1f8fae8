// The life of one node, from a seed: about 20 JOBs, the real pipelines, selection, sender and store over a simulated
// network in virtual time, and everything that can go wrong. The invariants are checked at every step and at the end.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "simulation/weather.hpp"

namespace emeth::simulation {

struct LifeReport {
    std::uint64_t seed = 0;
    std::uint64_t crashes = 0, power_cuts = 0, reorganisations = 0;
    std::uint64_t jobs = 0, verified = 0, penalties = 0, lost = 0;
    std::int64_t virtual_s = 0;
    std::vector<std::string> violations;  ///< empty: everything held
};

/// Deterministic: the same seed gives the same life, whatever else runs beside it. Thread-safe, as each life has a
/// world of its own.
LifeReport live(std::uint64_t seed, const Trace& trace = {});

}  // namespace emeth::simulation
