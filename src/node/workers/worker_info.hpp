// What others may know about a worker, and what a JOB holds it for.
#pragma once

#include <cstdint>
#include <optional>

#include "runtime/clock.hpp"
#include "statemachine/delivery.hpp"
#include "statemachine/types.hpp"

namespace emeth::node {

struct WorkerInfo {
    Address address;
    bool connected = false;
    std::uint64_t power_capacity = 0;
    std::optional<JobId> job;      ///< reserved for its work
    std::optional<JobId> helps{};  ///< idle, but called to train a share of this JOB
    Milliseconds rest{0};          ///< not zero: its leases failed (SickList), and it gets no new JOB for this long
};

/// What a JOB holds its worker for; never `nobody` where a worker is reserved.
using Hold = statemachine::WorkerHold;

}  // namespace emeth::node
