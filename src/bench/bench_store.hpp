// Durable transitions/s at 1, 16 and 256 concurrent JOBs, against raw RocksDB synced batches of the same bytes.
#pragma once

namespace emeth::bench {

/// Returns the exit code. Uses a temporary folder below the current one, so that the figures are of this disk.
int run_store(bool json);

}  // namespace emeth::bench
