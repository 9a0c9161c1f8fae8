// What is odd in a life for its whole length: requesters, servers, workers and clocks that are not as one would wish.
// Drawn apart from everything else, so that the rest of a life is the same without them.
#pragma once

#include <cstdint>
#include <optional>

#include "simulation/life_story.hpp"
#include "simulation/simulated_chain.hpp"
#include "simulation/simulated_clock.hpp"
#include "simulation/simulated_services.hpp"
#include "simulation/simulated_workers.hpp"

namespace emeth::simulation {

/// JOBs that cannot be trained, as their param says or as only their trainers find out; datasets that cannot be asked
/// for at first, or have another size after a while.
void make_jobs_odd(std::uint64_t seed, Stories& stories, SimulatedStorage& storage);

/// A Storage API without our extensions; a worker that calls every JOB hopeless.
void make_network_odd(std::uint64_t seed, SimulatedStorage& storage, SimulatedWorkers& workers);

/// Whether this machine's clock is so wrong that no JOB may be taken in this life; else it may be off by some minutes.
bool make_clock_odd(std::uint64_t seed, SimulatedClock& clock);

/// The cap of the node's standing allowance in this life; none: each deposit is approved by itself. A cap may be below
/// the dearest deposits.
std::optional<Amount> draw_allowance_cap(std::uint64_t seed);

}  // namespace emeth::simulation
