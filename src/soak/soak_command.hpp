// emeth soak
#pragma once

#include "cli/command.hpp"

namespace emeth::soak {

void add_soak(CLI::App& app, cli::Invocation& invocation);

}  // namespace emeth::soak
