// training_log.jsonl: one line per step.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/result.hpp"
#include "trainer/data/plan.hpp"

namespace emeth::trainer {

std::string write_training_log(const Preset& preset, const Plan& plan, const std::vector<float>& losses);

/// The largest size that the log of this plan may have.
std::uint64_t training_log_bytes_max(const Plan& plan);

/// Reads a log piece by piece and keeps no more of it than the losses. A permanent Error unless there is exactly one
/// line for each step of the plan, in order, with its epoch, learning rate and a loss. `preset` and `plan` must outlive
/// it.
class TrainingLogReader {
public:
    TrainingLogReader(const Preset& preset, const Plan& plan) : preset_(preset), plan_(plan) {}
    /// The next bytes; lines may be cut anywhere.
    Result<void> take(std::string_view piece);
    /// The losses, once all was taken.
    Result<std::vector<float>> finish();

private:
    Result<void> take_line(std::string_view line);

    const Preset& preset_;
    const Plan& plan_;
    std::string begun_;  ///< the beginning of a line
    std::vector<float> losses_;
};

/// The mean of each epoch's step losses.
std::vector<double> epoch_losses(const Plan& plan, const std::vector<float>& losses);

}  // namespace emeth::trainer
