// The command line of the program `emeth`.
#pragma once

#include <CLI/App.hpp>
#include <memory>

#include "cli/command.hpp"

namespace emeth::cli {

/// With all commands; parsing it fills `invocation`, which must outlive it.
std::unique_ptr<CLI::App> emeth_app(Invocation& invocation);

}  // namespace emeth::cli
