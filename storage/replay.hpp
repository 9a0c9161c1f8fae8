// Does a history produce the record? One entry after the other goes through transition(); everything is compared by its
// stored bytes, which works for NaN losses, too.
#pragma once

#include <optional>
#include <string_view>

#include "runtime/result.hpp"
#include "storage/job_store.hpp"

namespace emeth::storage {

/// The replay of one JOB's history. Errors (permanent) say where history and rules part.
class Replay {
public:
    /// The next entry. After an Error the replay is over.
    Result<void> add(const HistoryEntry& entry);
    /// After the last entry: whether the record, as it is encoded, is what they lead to.
    Result<void> finish(std::string_view record) const;
    /// What the entries so far lead to; none before the first.
    [[nodiscard]] const std::optional<statemachine::Job>& job() const { return job_; }

private:
    std::optional<statemachine::Job> job_;
};

/// Replays `entries` and compares the result with `job`.
Result<void> check_replay(const statemachine::Job& job, const std::vector<HistoryEntry>& entries);

}  // namespace emeth::storage
