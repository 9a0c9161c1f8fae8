// How a dataset becomes windows, batches and steps: what "one epoch" of it is, for the node that trains it and for the
// verifier that counts.
#pragma once

#include <cstdint>
#include <vector>

#include "runtime/result.hpp"
#include "statemachine/types.hpp"
#include "trainer/data/seed.hpp"
#include "trainer_protocol/presets.hpp"

namespace emeth::trainer {

using trainer_protocol::Preset;

struct DatasetSize {
    std::uint64_t bytes = 0;
    std::uint64_t tokens = 0;  ///< in the token stream
};

/// The token stream is cut into windows of `context` inputs; the target of each token is the next one of the stream.
/// The JOB's seed assigns windows to validation and training. An epoch is a round of the training windows. Windows left
/// over after its last full step are not trained in that epoch; the next one, in another order, leaves out others.
///
/// Where tokens are so long that a round is less work than the dataset's bytes are paid for, an epoch is as many rounds
/// as it takes, the last one in part; where there are more tokens than bytes, it ends within its round
/// (trainer_protocol/epoch_tokens.hpp).
struct Plan {
    std::uint64_t windows = 0;
    std::uint64_t validation_windows = 0;  ///< at least 1
    std::uint64_t training_windows = 0;    ///< at least 1
    std::int64_t sequences_per_step = 0;   ///< at most training_windows
    std::uint64_t steps_per_epoch = 0;
    std::uint64_t steps_total = 0;
    std::uint32_t segments = 0;  ///< that verification cuts the steps into (trainer_protocol/segments.hpp)

    /// A permanent Error when there are fewer tokens than tokens_min().
    static Result<Plan> make(const Preset& preset, const DatasetSize& dataset, std::uint32_t epochs);
    /// Two windows and the last one's target.
    static std::uint64_t tokens_min(const Preset& preset);
    /// What a dataset with fewer tokens than tokens_min() is repeated to: one window of validation, and as many steps
    /// an epoch as small datasets have.
    static std::uint64_t tokens_repeated(const Preset& preset);

    /// Whether an epoch is one round, as of ordinary text: the plan then follows from the tokens alone.
    [[nodiscard]] bool epoch_is_one_round() const;
    /// Those that an epoch begins.
    [[nodiscard]] std::uint64_t rounds_per_epoch() const;
};

/// The windows of each step.
class WindowOrder {
public:
    WindowOrder(const Plan& plan, const JobId& job);
    /// The windows of one step (counted from 0 over all epochs), in order.
    [[nodiscard]] std::vector<std::uint64_t> of_step(std::uint64_t step) const;
    [[nodiscard]] std::vector<std::uint64_t> validation() const;

private:
    Plan plan_;
    Hash256 order_seed_;
    Permutation split_;  // the first validation_windows values are the validation windows, the others are trained
};

}  // namespace emeth::trainer
