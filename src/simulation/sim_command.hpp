// `emeth sim`: many seeded lives of a node, on all cores. A life that violated an invariant is printed in full.
#pragma once

#include <cstdint>
#include <functional>

#include "cli/command.hpp"
#include "simulation/node_life.hpp"

namespace emeth::simulation {

/// Runs the lives of the seeds first, first + 1, … on `threads` threads, in no particular order, until `go_on` returns
/// false after one of them.
void live_many(std::uint64_t first, std::uint64_t count, unsigned threads,
               const std::function<bool(const LifeReport&)>& go_on);

/// Exit code 1: an invariant was violated.
void add_sim(CLI::App& app, cli::Invocation& invocation);

}  // namespace emeth::simulation
