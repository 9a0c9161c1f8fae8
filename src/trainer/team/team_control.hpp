// What a leader tells its group before each step: one small tensor, broadcast.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "runtime/result.hpp"
#include "trainer/model/training_state.hpp"
#include "trainer/team/process_group.hpp"
#include "trainer/team/team.hpp"

namespace emeth::trainer {

struct TeamControl {
    enum class Kind : std::int64_t {
        step = 1,             ///< compute your share of `step`
        step_with_state = 2,  ///< the same, from the leader's state, which follows
        regroup = 3,          ///< the group ends; wait to be called into another
    };
    Kind kind = Kind::step;
    std::uint64_t step = 0;
    std::vector<std::size_t> bounds;  ///< rank r computes the sequences [bounds[r], bounds[r + 1])

    [[nodiscard]] Share share(int rank) const;
};

/// Sends rank 0's control to the others, which validate what they receive.
Result<TeamControl> share_control(ProcessGroup& group, const TeamControl& own);
/// Sends weights and moments of rank 0 to all others.
Result<void> share_state(ProcessGroup& group, TrainingState& state);
/// Bounds of shares in proportion to `speeds`. An unknown speed (0) counts as the mean of the others. Every rank gets
/// at least one sequence if there are enough.
std::vector<std::size_t> share_out(std::size_t sequences, const std::vector<double>& speeds);

}  // namespace emeth::trainer
