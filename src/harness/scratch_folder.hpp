// Folders that a demonstration or a measurement may empty, because an earlier one of its kind made them.
#pragma once

#include <filesystem>
#include <string>

#include "runtime/result.hpp"

namespace emeth::harness {

/// Makes `folder` (0700), or empties it, and leaves a marker file of `owner` ("demo") in it. An Error, with nothing
/// touched, if it holds files but no such marker.
Result<void> empty_scratch_folder(const std::filesystem::path& folder, const std::string& owner);

}  // namespace emeth::harness
