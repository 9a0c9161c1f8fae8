// Files that a master's local workers keep in its data folder, against what the JOBs' records say of them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "statemachine/job.hpp"

namespace emeth::cli {

struct KeptFiles {
    std::uint64_t checked = 0;
    std::vector<std::string> problems;  ///< one sentence each
};

/// The datasets and artifacts of these JOBs, as far as the worker of the current lease says that they are complete.
/// Reads them whole; shows its progress. Blocks.
KeptFiles check_kept_files(const std::filesystem::path& data, const std::vector<statemachine::Job>& active);

}  // namespace emeth::cli
