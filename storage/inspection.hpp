// Looking at a whole store: dump, verification, every JOB's life. For commands, not for the node: all calls block, and
// the store must not be written meanwhile, so it is best opened read-only. The lines of a dump are described in
// docs/OPERATIONS.md.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/result.hpp"
#include "storage/job_store.hpp"

namespace emeth::storage {

class RocksDatabase;

/// JOBs in each state, by the state's number.
using StateCounts = std::array<std::uint64_t, statemachine::all_states.size() + 1>;

/// How a store is gone through.
struct Effort {
    unsigned threads = 1;
    /// Called now and then with the number of JOBs done so far: from any of the threads, but never at once.
    std::function<void(std::uint64_t jobs)> progress{};
};

/// What a store's verification found.
struct Verification {
    static constexpr std::size_t problems_max = 100;

    std::uint64_t jobs = 0, history_entries = 0, transactions = 0;
    std::uint64_t problems_found = 0;
    std::vector<std::string> problems;  ///< one sentence each, at most problems_max, in no particular order
};

class Inspection {
public:
    /// `lines`: whole lines, each with its line break. What it throws reaches the caller.
    using Sink = std::function<void(std::string_view lines)>;
    using Life = std::function<void(const statemachine::Job& job, const std::vector<HistoryEntry>& history)>;

    explicit Inspection(std::shared_ptr<RocksDatabase> database) : database_(std::move(database)) {}

    /// As RocksDB estimates it, without counting.
    Result<std::uint64_t> estimated_jobs() const;
    /// Cheaper than decoding all records.
    Result<StateCounts> count_states() const;

    /// The ids of the JOBs from `first` to `last`, ascending, `at_most` of them.
    Result<std::vector<JobId>> ids_between(const JobId& first, const JobId& last, std::size_t at_most) const;

    /// Every record, history entry, outbox entry, cursor and refusal as one JSON object a line. The same store gives
    /// the same bytes, whatever the number of threads.
    Result<void> dump(const Sink& sink, const Effort& effort = {}) const;
    /// The lines that concern one JOB: its record, history, transactions and their replacements. Error: there is none.
    Result<void> dump_job(const JobId& id, const Sink& sink) const;

    /// Calls `visit` for each JOB, in no particular order and never twice at once. The first thing that is damaged ends
    /// it.
    Result<void> for_each_life(const Life& visit, const Effort& effort = {}) const;

    /// Replays every history and compares it with its record; compares the outbox with the histories, and the indices
    /// with what they index. What is wrong is found, not an Error; an Error means that the disk cannot be read.
    Result<Verification> verify(const Effort& effort = {}) const;

private:
    std::shared_ptr<RocksDatabase> database_;
};

}  // namespace emeth::storage
