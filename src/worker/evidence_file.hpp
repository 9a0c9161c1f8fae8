// Packs the states that a draw asks for into one file, whose layout trainer_protocol/segments.hpp describes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "runtime/result.hpp"
#include "statemachine/job.hpp"

namespace emeth::worker {

/// Packs `states` of the JOB in `folder` into `folder`/evidence.bin, checking each against its digest; the result is
/// always the same bytes. Blocks. A permanent Error means that a state is missing or damaged: nobody else has a copy.
Result<statemachine::WorkerFile> pack_evidence(const std::filesystem::path& folder, const Hash256& block_hash,
                                               const std::vector<std::uint32_t>& states);

std::filesystem::path evidence_file(const std::filesystem::path& folder);

}  // namespace emeth::worker
