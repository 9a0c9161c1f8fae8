// Normally distributed draws for the policy simulation.
#pragma once

#include <cmath>
#include <numbers>

#include "simulation/dice.hpp"

namespace emeth::simulation {

/// Mean 0, deviation 1. Box and Muller, "A note on the generation of random normal deviates", 1958.
inline double normal(Dice& dice) {
    const double radius = std::sqrt(-2 * std::log(1 - dice.unit()));
    return radius * std::cos(2 * std::numbers::pi * dice.unit());
}

/// The deviation is that of the logarithm.
inline double log_normal(Dice& dice, double median, double deviation) {
    return median * std::exp(deviation * normal(dice));
}

/// Until the next of events that happen independently of one another, on average every `mean`.
inline double exponential(Dice& dice, double mean) {
    return -mean * std::log(1 - dice.unit());
}

}  // namespace emeth::simulation
