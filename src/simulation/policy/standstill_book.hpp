// Where a simulated market stands still: how long JOBs wait while workers idle, and what nobody takes. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "simulation/policy/market.hpp"

namespace emeth::simulation {

class StandstillBook {
public:
    /// Nothing counts before or after these times.
    StandstillBook(std::int64_t from_ms, std::int64_t to_ms) : now_ms_(from_ms), to_ms_(to_ms) {}

    /// So many JOBs were open, and so many workers idle, from the last time to this one.
    void pass_until(std::int64_t now_ms, std::size_t jobs, std::size_t workers);
    void add_job() { ++found_.jobs; }
    /// `grounds`: why each node with an idle worker refused it.
    void add_never_taken(const std::vector<std::optional<node::Ground>>& grounds);
    [[nodiscard]] Standstill found() const;

private:
    std::int64_t now_ms_, to_ms_;
    Standstill found_;
    double job_s_ = 0, worker_s_ = 0;  ///< while both were there
};

}  // namespace emeth::simulation
