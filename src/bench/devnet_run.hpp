// Measurements beside a devnet.
#pragma once

#include <CLI/App.hpp>
#include <filesystem>
#include <functional>
#include <string>

#include "cli/command.hpp"
#include "network/devnet/devnet.hpp"
#include "runtime/result.hpp"
#include "runtime/task.hpp"

namespace emeth::bench {

/// Starts a devnet below `folder`, runs `measure` beside it, and stops it.
Task<Result<void>> beside_devnet(std::filesystem::path folder, std::filesystem::path anvil,
                                 std::function<Task<Result<void>>(network::Devnet&)> measure);

/// Has the command take --anvil, and run `measure` with the program that this names.
void run_with_anvil(CLI::App& command, cli::Invocation& invocation,
                    std::function<Task<Result<void>>(std::filesystem::path anvil)> measure);

}  // namespace emeth::bench
