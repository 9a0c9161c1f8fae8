// Objects of the Storage API, down and up, against nginx on the same disk.
#pragma once

#include "cli/command.hpp"

namespace emeth::bench {

/// `emeth bench storage`. It uses a temporary folder below the current one (three times --bytes).
void add_storage(CLI::App& bench, cli::Invocation& invocation);

}  // namespace emeth::bench
