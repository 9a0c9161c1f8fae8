// How fast the workers are that could take a JOB now. Pure.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "node/workers/worker_info.hpp"

namespace emeth::node {

/// powerCapacity of the slowest worker that is idle and not resting, since any of them may get the JOB; none if there
/// is no such worker.
inline std::optional<std::uint64_t> power_of_slowest_idle(const std::vector<WorkerInfo>& workers) {
    std::optional<std::uint64_t> slowest;
    for (const auto& worker : workers) {
        const bool idle = worker.connected && !worker.job && worker.rest == Milliseconds::zero();
        if (idle) slowest = std::min(slowest.value_or(worker.power_capacity), worker.power_capacity);
    }
    return slowest;
}

}  // namespace emeth::node
