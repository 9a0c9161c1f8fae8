// `emeth sim`: many seeded lives of a node, on all cores; a life in which something happened that must not happen is
// told in full.
#pragma once

#include <cstdint>
#include <functional>

#include "cli/command.hpp"
#include "simulation/node_life.hpp"

namespace emeth::simulation {

/// Lives of the seeds first, first + 1, … on `threads` threads, until `go_on` says no after one of them. In no order.
void live_many(std::uint64_t first, std::uint64_t count, unsigned threads,
               const std::function<bool(const LifeReport&)>& go_on);

/// Exit code 1: something happened that must not.
void add_sim(CLI::App& app, cli::Invocation& invocation);

}  // namespace emeth::simulation
