#include "node/snapshot/chance.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace emeth::node {

std::optional<double> chance_in_time(std::uint64_t steps_left, std::int64_t seconds_left, const PaceSpread& pace) {
    if (steps_left == 0 || pace.stretches() < stretches_needed || pace.mean() <= 0) return std::nullopt;
    if (seconds_left <= 0) return 0;
    const double needed = static_cast<double>(steps_left) / static_cast<double>(seconds_left);
    const double deviation = std::max(pace.deviation(), least_variation * pace.mean());
    return std::erfc((needed - pace.mean()) / (deviation * std::numbers::sqrt2)) / 2;
}

}  // namespace emeth::node
