// Durable transitions/s at 1, 16 and 256 concurrent JOBs, against raw RocksDB synced batches of the same bytes.
#pragma once

#include "cli/command.hpp"

namespace emeth::bench {

/// `emeth bench store`. It uses a temporary folder below the current one, so that the figures are those of this disk.
void add_store(CLI::App& bench, cli::Invocation& invocation);

}  // namespace emeth::bench
