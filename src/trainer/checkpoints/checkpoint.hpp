// The room of the checkpoints: training states on disk. The checkpoints that a run continues from, the states of its
// segments that the verifier may ask for, when to save, and the thread that writes. It knows the training state and the
// plan, not the training loop.
//
// This header: the checkpoint from which a run continues.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "runtime/result.hpp"
#include "statemachine/types.hpp"
#include "trainer/model/training_state.hpp"

namespace emeth::trainer {

/// Two generations of checkpoints in a folder; one that is damaged, or belongs to another run, does not count. One
/// writer at a time.
class CheckpointStore {
public:
    /// `fingerprint` identifies the run that the states belong to.
    CheckpointStore(std::filesystem::path folder, const Hash256& fingerprint, std::int64_t weight_count);

    /// Overwrites the older generation. Returns the digest of the file.
    Result<Hash256> save(const TrainingState& state);
    /// The newest complete one, if there is any.
    std::optional<TrainingState> load_newest();
    /// Deletes all: training begins again, and must not be continued from them later.
    void discard();

private:
    [[nodiscard]] std::filesystem::path path(int generation) const;
    [[nodiscard]] Result<TrainingState> load(int generation) const;

    std::filesystem::path folder_;
    Hash256 fingerprint_;
    std::int64_t weight_count_;
    int next_generation_ = 0;
};

}  // namespace emeth::trainer
