// The state of a training run, in memory and on disk.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include "runtime/result.hpp"
#include "statemachine/types.hpp"
#include "trainer/parameters.hpp"

namespace emeth::trainer {

/// All that the next step depends on. The data order is a function of JOB and step, and nothing else is drawn at random
/// while training, so that `step` is the position in the data and the state of all generators.
struct TrainingState {
    at::Tensor weights;        ///< flat float32 arrays of one layout
    at::Tensor first_moments;  ///< of AdamW
    at::Tensor second_moments;
    std::uint64_t step = 0;     ///< steps done
    std::vector<float> losses;  ///< mean loss of each step done

    static TrainingState initial(const ParameterLayout& layout, const JobId& job);
    [[nodiscard]] TrainingState copy() const;
};

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
