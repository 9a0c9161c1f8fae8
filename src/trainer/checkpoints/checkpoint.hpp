// The state of a training run on disk.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "runtime/result.hpp"
#include "statemachine/types.hpp"
#include "trainer/model/training_state.hpp"

namespace emeth::trainer {

/// Two generations of checkpoints in a folder; one that is torn, or of another run, does not count. One writer at a
/// time.
class CheckpointStore {
public:
    /// `fingerprint` tells what run the states belong to.
    CheckpointStore(std::filesystem::path folder, const Hash256& fingerprint, std::int64_t weight_count);

    /// Writes over the older generation; the digest of the file.
    Result<Hash256> save(const TrainingState& state);
    /// The newest whole one, if there is any.
    std::optional<TrainingState> load_newest();

private:
    [[nodiscard]] std::filesystem::path path(int generation) const;
    [[nodiscard]] Result<TrainingState> load(int generation) const;

    std::filesystem::path folder_;
    Hash256 fingerprint_;
    std::int64_t weight_count_;
    int next_generation_ = 0;
};

}  // namespace emeth::trainer
