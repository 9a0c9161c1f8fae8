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

std::uint64_t training_log_bytes_max(const Plan& plan);

/// The losses. A permanent Error unless there is exactly one line for each step of the plan, in order, with its epoch,
/// learning rate and a finite loss.
Result<std::vector<float>> read_training_log(std::string_view text, const Preset& preset, const Plan& plan);

/// The mean of each epoch's step losses.
std::vector<double> epoch_losses(const Plan& plan, const std::vector<float>& losses);

}  // namespace emeth::trainer
