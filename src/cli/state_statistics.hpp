// How long JOBs stay in each state. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "cli/job_timeline.hpp"

namespace emeth::cli {

class StateStatistics {
public:
    /// One JOB. Its stay in the state where it is now is not over, and does not count as one.
    void add(const std::vector<Stay>& stays);

    /// JOBs that are in the state now.
    [[nodiscard]] std::uint64_t jobs_in(statemachine::State state) const;
    /// Ended stays in the state: a JOB may have several.
    [[nodiscard]] std::uint64_t stays_in(statemachine::State state) const;
    /// Milliseconds that `percent` of 100 of the ended stays took at most (nearest rank); none without such a stay.
    [[nodiscard]] std::optional<std::int64_t> percentile_ms(statemachine::State state, unsigned percent) const;
    [[nodiscard]] std::uint64_t jobs() const { return jobs_; }

private:
    std::uint64_t jobs_ = 0;
    std::map<statemachine::State, std::uint64_t> now_;
    mutable std::map<statemachine::State, std::vector<std::int64_t>> durations_ms_;  ///< in any order
};

}  // namespace emeth::cli
