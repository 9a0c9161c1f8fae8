// What the verifier's check costs beside the training that it checks.
#pragma once

#include "cli/command.hpp"

namespace emeth::bench {

/// `emeth bench verification`. For each size it trains a JOB with emeth-trainer, packs its evidence, and checks it.
void add_verification(CLI::App& bench, cli::Invocation& invocation);

}  // namespace emeth::bench
