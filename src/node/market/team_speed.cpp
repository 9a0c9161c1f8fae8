#include "node/market/team_speed.hpp"

#include <algorithm>

namespace emeth::node {
namespace {

constexpr double speed_per_helper = 0.35;
constexpr double line_bytes_per_s = 100e6 / 8;
/// Helpers are called once a minute.
constexpr double called_after_s = 60;

/// Gradients go as float32, or in half of that where all compute in bf16, which nobody knows before. Every member
/// receives the parts of the others twice: to add up its own, and added up by the others.
double exchange_s(std::uint64_t weights, double workers) {
    const double bytes = static_cast<double>(weights) * sizeof(float);
    return 2 * (workers - 1) / workers * bytes / line_bytes_per_s;
}

}  // namespace

double team_speed(const TeamTraining& training, std::uint32_t workers) {
    if (workers <= 1 || training.steps <= 0 || training.alone_s <= 0) return 1;
    const double step_s = training.alone_s / training.steps;
    const double together_s = step_s / workers + exchange_s(training.weights, workers);
    return std::max(1.0, std::min(1 + speed_per_helper * (workers - 1), step_s / together_s));
}

double team_training_s(const TeamTraining& training, std::uint32_t workers) {
    const double alone_s = std::min(training.alone_s, training.helpers_join_after_s + called_after_s);
    return alone_s + (training.alone_s - alone_s) / team_speed(training, workers);
}

}  // namespace emeth::node
