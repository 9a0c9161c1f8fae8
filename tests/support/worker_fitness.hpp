// What workers say of themselves, for tests that do not care.
#pragma once

#include "trainer_protocol/presets.hpp"
#include "worker_protocol/messages.hpp"

namespace emeth::test {

/// Every preset, with room for any JOB of a test.
inline worker_protocol::Fitness fit_for_everything(double tokens_per_s = 20'000) {
    worker_protocol::Fitness fitness;
    for (const auto& preset : trainer_protocol::presets())
        fitness.tokens_per_s[std::string(preset.name)] = tokens_per_s;
    fitness.disk_free_bytes = fitness.states_free_bytes = std::uint64_t{1} << 42;
    return fitness;
}

inline worker_protocol::Fitness unfit(std::string reason) {
    worker_protocol::Fitness fitness;
    fitness.unfit = std::move(reason);
    return fitness;
}

}  // namespace emeth::test
