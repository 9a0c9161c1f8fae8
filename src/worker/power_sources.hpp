// What of a worker's machine draws power for its training.
#pragma once

#include <filesystem>

#include "runtime/power_meter.hpp"
#include "worker/settings.hpp"

namespace emeth::worker {

/// The processors and, unless the device is "cpu", its GPU. nvidia-smi counts GPUs by their slots, as CUDA does where
/// they are all of one kind. `folder`: where files of this one meter may lie.
PowerSources power_sources(const WorkerSettings& settings, const std::filesystem::path& folder);

}  // namespace emeth::worker
