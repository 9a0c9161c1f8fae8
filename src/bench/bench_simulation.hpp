// How many JOB lives the simulator goes through in a second, crashes included.
#pragma once

#include "cli/command.hpp"

namespace emeth::bench {

/// `emeth bench simulation`
void add_simulation(CLI::App& bench, cli::Invocation& invocation);

}  // namespace emeth::bench
