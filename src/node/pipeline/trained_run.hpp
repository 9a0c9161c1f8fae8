// What a JOB's finished training is to those who draw from it and show it.
#pragma once

#include <cstdint>

#include "statemachine/job.hpp"
#include "trainer_protocol/network_rules.hpp"

namespace emeth::node {

/// The segments of the run that trained the JOB's artifact, which must be on record.
std::uint32_t segments_of_run(const statemachine::Job& job, const trainer_protocol::NetworkRules& rules);

}  // namespace emeth::node
