// Training speed: tokens/s against the same model in Python PyTorch, and the share of the measured matrix-product peak.
#pragma once

#include <string>

namespace emeth::bench {

/// Returns the exit code. `model`: one preset, or "" for all that are measured. Runs emeth-trainer beside this program and bench/training_peer.py.
int run_training(const std::string& model, bool json);

}  // namespace emeth::bench
