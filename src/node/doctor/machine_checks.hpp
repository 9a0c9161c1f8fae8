// What this machine offers: memory, disk, open files, the data folder, systemd. Nothing here waits for anybody, and
// nothing is written.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "node/doctor/finding.hpp"
#include "node/doctor/judgements.hpp"

namespace emeth::node {

/// None if it does not exist. An Error names the folder and why it cannot be looked at.
Result<std::optional<FolderState>> folder_state(const std::filesystem::path& folder);
/// A problem for each key in the data folder, of a worker or of those that a master starts itself, that others can read
/// or that is none.
Findings look_at_worker_keys(const std::filesystem::path& data);
/// `root`: of the file system, for tests.
UnitState look_for_unit(const std::string& unit, const std::filesystem::path& root = "/");

/// `unit`: the one that starts this program.
Findings look_at_machine(const std::filesystem::path& data, const SelectionPolicy& policy, const std::string& unit);

}  // namespace emeth::node
