// Every command of the program and how it is called: what the manual page and the completions are made from.
#pragma once

#include <CLI/App.hpp>
#include <string>
#include <vector>

namespace emeth::cli {

/// `app` must outlive it.
struct NamedCommand {
    std::string name;  ///< "emeth state list"
    const CLI::App* app = nullptr;
};

/// The program itself, then each command, its own commands after it.
std::vector<NamedCommand> all_commands(const CLI::App& program);

/// The flags that `--help` shows: not those that override settings.
std::vector<const CLI::Option*> shown_flags(const CLI::App& command);

}  // namespace emeth::cli
