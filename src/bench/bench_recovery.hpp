// Start-up of a master with a long history, against one with an empty store.
#pragma once

#include "cli/command.hpp"

namespace emeth::bench {

/// `emeth bench recovery`. It uses a temporary folder below the current one (several GB), so that the
/// figures are those of this disk.
void add_recovery(CLI::App& bench, cli::Invocation& invocation);

}  // namespace emeth::bench
