// What the world of a simulated life knows of its JOBs beside the chain.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "simulation/simulated_chain.hpp"

namespace emeth::simulation {

struct Story {
    std::int64_t requested_at_s = 0;
    Amount fee = 0;
    std::uint64_t bytes = 0;
    std::int64_t deadline_unix_s = 0;
    std::string param = R"({"language":"en","epoch":2})";
    bool can_be_trained = true;  ///< otherwise a deposit for it is a violation
    bool is_futile = false;      ///< what cannot be trained shows only after the deposit
    std::int64_t clear_s = 0;    ///< seconds with a deposit locked and nothing wrong
    bool requested = false;
    bool excused = false;  ///< a penalty is no violation
    bool rejected_unjustly = false;
    std::int64_t verdict_after_s = 0;
};

using Stories = std::map<JobId, Story>;

}  // namespace emeth::simulation
