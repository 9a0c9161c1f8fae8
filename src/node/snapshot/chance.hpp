// How likely a JOB in training is finished before its deadline. Pure.
#pragma once

#include <cstdint>
#include <optional>

#include "node/pipeline/step_pace.hpp"

namespace emeth::node {

/// Fewer stretches of training say too little of how its speed varies: a minute of it.
inline constexpr std::uint32_t stretches_needed = 6;
/// No machine is steadier than this share of its speed, however its first minutes look.
inline constexpr double least_variation = 0.02;

/// The rest of the training is taken to go at one speed, normally distributed with the mean m and the deviation s of
/// those that were seen: whoever is slow now is probably slow later. In time is who needs no more than the r seconds
/// that are left for n steps, so
///
///     chance = P(speed >= n / r) = Phi((m - n / r) / s),    s at least `least_variation` of m
///
/// with Phi the normal distribution function. 0 once the deadline has passed. None if nothing is known of the speed, or
/// all steps are done: how long the rest takes nobody has measured.
std::optional<double> chance_in_time(std::uint64_t steps_left, std::int64_t seconds_left, const PaceSpread& pace);

}  // namespace emeth::node
