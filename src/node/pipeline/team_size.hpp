// How many workers a JOB is to be trained by.
#pragma once

#include <algorithm>
#include <cstdint>

#include "statemachine/job.hpp"

namespace emeth::node {

/// The leader and its helpers, as the node meant it when it took the JOB. With cooperative=1v1, nobody helps.
inline std::uint32_t team_of(const statemachine::Job& job, bool cooperative) {
    return cooperative ? std::max(1U, job.terms.team) : 1;
}

}  // namespace emeth::node
