// `emeth sim`: many seeded lives of a node, on all cores; a life in which something happened that must not happen is told in full.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <functional>
#include <vector>

#include "node_life.hpp"

namespace emeth::simulation {

/// Lives of the seeds first, first + 1, … on `threads` threads, until `go_on` says no after one of them. In no order.
void live_many(std::uint64_t first, std::uint64_t count, unsigned threads, const std::function<bool(const LifeReport&)>& go_on);

/// Adds the command to `app`; `exit_code` is set when it ran: 0 when nothing was found.
void add_sim_command(CLI::App& app, int& exit_code);

}  // namespace emeth::simulation
