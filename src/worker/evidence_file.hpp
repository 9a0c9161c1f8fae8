// The states that chance asks for, made one file (trainer_protocol/segments.hpp says how they lie in it).
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "runtime/result.hpp"
#include "statemachine/job.hpp"

namespace emeth::worker {

/// Packs `states` of the JOB in `folder` into `folder`/evidence.bin, each checked against its digest on the way; the
/// same bytes whenever it is called. Blocks. A permanent Error: a state is gone or damaged, and nobody else has it.
Result<statemachine::WorkerFile> pack_evidence(const std::filesystem::path& folder, const Hash256& block_hash,
                                               const std::vector<std::uint32_t>& states);

std::filesystem::path evidence_file(const std::filesystem::path& folder);

}  // namespace emeth::worker
