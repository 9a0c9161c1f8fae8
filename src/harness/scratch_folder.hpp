// Folders that a demonstration or a measurement may empty, because one of its kind made them.
#pragma once

#include <filesystem>
#include <string>

#include "runtime/result.hpp"

namespace emeth::harness {

/// Leaves `folder` there (0700), empty but for a marker file of `owner` ("demo"). An Error, with nothing touched, when
/// it holds anything and no such marker.
Result<void> empty_scratch_folder(const std::filesystem::path& folder, const std::string& owner);

}  // namespace emeth::harness
