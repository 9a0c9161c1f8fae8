// JOB records and their history. One transition is one synced batch; concurrent commits share a sync. All calls block
// (the node makes them on the blocking pool) and are thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "runtime/result.hpp"
#include "statemachine/transition.hpp"
#include "storage/outbox.hpp"

namespace emeth::storage {

/// One line of a JOB's history.
struct HistoryEntry {
    std::uint64_t sequence = 0;  ///< from 1, without gaps
    statemachine::Event event;
    statemachine::State from = statemachine::State::discovered;
    statemachine::State to = statemachine::State::discovered;
    std::optional<statemachine::Rejection> rejection;  ///< set: the event changed only the sequence
};

/// What a commit writes in addition to the record and its history entry.
struct SideWrites {
    std::vector<OutboxEntry> outbox_put;  ///< inserted or replaced by nonce
};

class JobStore {
public:
    JobStore() = default;
    JobStore(const JobStore&) = delete;
    JobStore& operator=(const JobStore&) = delete;
    virtual ~JobStore() = default;

    /// Creates the JOB with its first history entry. Error if it already exists.
    virtual Result<statemachine::Job> create(const statemachine::Discovered& discovered, std::int64_t at_unix_ms) = 0;

    /// Applies `event` to `job` using transition() and commits record + history + `side` durably in one synced batch. A
    /// rejected event is journaled, too, but `side` is then not written. `job` must be the newest committed record
    /// (checked by its sequence); only the JOB's own coroutine commits for it. Errors: permanent for a stale or unknown
    /// record; transient for a full or failing disk, after which the same call may be repeated. If it then reports a
    /// stale record, load the record: the failed commit turned out to be durable.
    struct Applied {
        statemachine::Job job;  ///< the record after the commit
        std::optional<statemachine::Rejection> rejection;
        std::vector<statemachine::Command> commands;  ///< empty when rejected
    };
    virtual Result<Applied> apply(const statemachine::Job& job, const statemachine::Event& event,
                                  const SideWrites& side = {}) = 0;

    virtual Result<std::optional<statemachine::Job>> find(const JobId& id) = 0;
    /// Read from the index of active JOBs, so the cost does not depend on the finished ones.
    virtual Result<std::vector<statemachine::Job>> active() = 0;
    /// All records in id order; stops early when `visit` returns false.
    virtual Result<void> for_each(const std::function<bool(const statemachine::Job&)>& visit) = 0;
    /// At most `count` records in id order, from the first id after `after` on; fewer: there are no more. So whoever
    /// walks all of a large store lets others at the blocking pool between the pages.
    virtual Result<std::vector<statemachine::Job>> page(const std::optional<JobId>& after, std::size_t count) = 0;
    virtual Result<std::vector<HistoryEntry>> history(const JobId& id) = 0;
    /// Replays the history through transition() and compares the result with the record; the
    /// error says where they diverge.
    virtual Result<void> verify(const JobId& id) = 0;
};

}  // namespace emeth::storage
