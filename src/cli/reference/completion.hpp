// Completions for shells, made from the commands themselves.
#pragma once

#include <CLI/App.hpp>
#include <string>

namespace emeth::cli {

/// Scripts that complete commands and flags; where neither fits, files.
std::string bash_completion(const CLI::App& program);
std::string zsh_completion(const CLI::App& program);
std::string fish_completion(const CLI::App& program);

}  // namespace emeth::cli
