// All programs of a network may share one file of settings: each ignores what is another's, and refuses what is
// nobody's.
#pragma once

#include <set>
#include <string>

#include "runtime/env_config.hpp"

namespace emeth::cli {

/// The settings of every command.
const std::set<std::string>& keys_of_all_commands();

/// What a file of settings may hold: those, and what earlier versions knew.
std::set<std::string> accepted_keys();

/// A debug line for each setting in `config` that is not among `own_keys`, and a warning for each that was one in an
/// earlier version. Call it once the log is as the settings say.
void tell_ignored(const EnvConfig& config, const std::set<std::string>& own_keys);

}  // namespace emeth::cli
