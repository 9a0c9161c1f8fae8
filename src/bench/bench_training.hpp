// Training speed: tokens/s against the same model in Python PyTorch, and the share of the measured matrix-product peak.
#pragma once

#include "cli/command.hpp"

namespace emeth::bench {

/// `emeth bench training`. It runs emeth-trainer beside this program and bench/training_peer.py.
void add_training(CLI::App& bench, cli::Invocation& invocation);

}  // namespace emeth::bench
