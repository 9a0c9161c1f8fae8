// The JOB info server: JOBs/s that it serves against those read by RPC, requests/s, how fast it indexes, how fast it
// starts with a million JOBs, and how much memory it takes.
#pragma once

#include "cli/command.hpp"

namespace emeth::bench {

/// `emeth bench info`. It needs anvil and wrk, and a disk with room for the list.
void add_info(CLI::App& bench, cli::Invocation& invocation);

}  // namespace emeth::bench
