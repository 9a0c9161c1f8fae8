#include "node/snapshot/chance.hpp"

#include <algorithm>

#include "node/market/normal_distribution.hpp"

namespace emeth::node {

std::optional<double> chance_in_time(std::uint64_t steps_left, std::int64_t seconds_left, const PaceSpread& pace) {
    if (steps_left == 0 || pace.stretches() < stretches_needed || pace.mean() <= 0) return std::nullopt;
    if (seconds_left <= 0) return 0;
    const double needed = static_cast<double>(steps_left) / static_cast<double>(seconds_left);
    const double deviation = std::max(pace.deviation(), least_variation * pace.mean());
    return normal_share_above(needed, pace.mean(), deviation);
}

}  // namespace emeth::node
