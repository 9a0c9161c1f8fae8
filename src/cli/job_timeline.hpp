// A JOB's history, told shorter: when it entered each state, and its events with runs of checkpoints folded. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "storage/job_store.hpp"

namespace emeth::cli {

struct Stay {
    statemachine::State state = statemachine::State::discovered;
    std::int64_t entered_unix_ms = 0;
    std::optional<std::int64_t> left_unix_ms;  ///< none: it is still there

    /// By wall time, which may have been set back: never negative.
    [[nodiscard]] std::int64_t duration_ms(std::int64_t now_unix_ms) const;
};

/// In the order in which the states were entered; a state may be entered more than once.
std::vector<Stay> timeline(const std::vector<storage::HistoryEntry>& history);

/// One event, or a run of them.
struct HistoryLine {
    std::uint64_t first = 0, last = 0;  ///< sequences
    std::int64_t from_unix_ms = 0, to_unix_ms = 0;
    std::string text;  ///< with the change of state, if there was one: "accepted → downloading: lease 1 granted …"
};

/// `fold`: three and more checkpoints, or uploaded parts, in a row are one line: "checkpoints at steps 12–431 of 1000".
std::vector<HistoryLine> told(const std::vector<storage::HistoryEntry>& history, bool fold);

}  // namespace emeth::cli
