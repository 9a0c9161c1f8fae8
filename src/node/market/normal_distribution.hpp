// The normal distribution, for what is estimated of a few values that were seen. Pure.
#pragma once

#include <cmath>
#include <numbers>

namespace emeth::node {

/// 1 − Φ((value − mean) / deviation): the share of values that exceed `value`. `deviation` is not 0.
inline double normal_share_above(double value, double mean, double deviation) {
    return std::erfc((value - mean) / (deviation * std::numbers::sqrt2)) / 2;
}

}  // namespace emeth::node
