// What a second worker is worth: two trainers on one JOB over a link of a given rate, against one of them alone.
#pragma once

#include "cli/command.hpp"

namespace emeth::bench {

/// `emeth bench cooperation`. It runs emeth-trainers, one core each, at the two ends of a ShapedLink.
void add_cooperation(CLI::App& bench, cli::Invocation& invocation);

}  // namespace emeth::bench
