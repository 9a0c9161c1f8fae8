// How fast `emeth state` looks into a store with a long history.
#pragma once

#include "cli/command.hpp"

namespace emeth::bench {

/// `emeth bench inspection`. Like `recovery`, it fills a store in a temporary folder below the current one.
void add_inspection(CLI::App& bench, cli::Invocation& invocation);

}  // namespace emeth::bench
