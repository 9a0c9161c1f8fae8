// The sole committer of a JOB: holds its newest committed record and makes facts durable, one
// after another. Io thread only.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "node/pipeline/attempts.hpp"
#include "runtime/blocking_pool.hpp"
#include "runtime/clock.hpp"
#include "runtime/result.hpp"
#include "runtime/subject_log.hpp"
#include "runtime/task.hpp"
#include "storage/job_store.hpp"

namespace emeth::node {

/// What happened to a JOB, before it is durable.
using Fact = statemachine::EventBody;

/// For lines about a JOB and the worker that has its lease, if one has.
SubjectLog log_of(const statemachine::Job& job);

class JobJournal {
public:
    /// `store`, `pool` and `clock` must outlive the journal; `job` is the newest committed record.
    JobJournal(storage::JobStore& store, BlockingPool& pool, Clock& clock, statemachine::Job job);

    /// As of the last commit. The reference stays valid; the object that it refers to changes with every commit.
    [[nodiscard]] const statemachine::Job& job() const { return job_; }
    [[nodiscard]] const JobId& id() const { return job_.terms.id; }
    /// For lines about this JOB, as it is now.
    [[nodiscard]] SubjectLog log() const { return log_of(job_); }

    /// Commits the fact with `side` in one batch, and logs it. Cannot be cancelled once begun; job() changes only after
    /// the commit is durable. The value says whether the state machine accepted the fact; a rejected one is journaled
    /// as well, but `side` is not written. An Error is the store's: as far as is known, nothing changed. Should the
    /// fact later turn out to be durable, it counts.
    Task<Result<bool>> report(Fact fact, storage::SideWrites side);
    Task<Result<bool>> report(Fact fact) { return report(std::move(fact), storage::SideWrites{}); }

    /// As report(), for a fact that the state machine may refuse, such as a repeated report. An Error is the store's.
    Task<Result<void>> note(Fact fact);

    /// As report(), for a fact that must be accepted: a rejection is a transient Error that gives the reason.
    Task<Result<void>> commit(Fact fact, storage::SideWrites side);
    Task<Result<void>> commit(Fact fact) { return commit(std::move(fact), storage::SideWrites{}); }

    /// Failures in a row since the JOB last advanced (Attempts). Reads the history when first called in this process;
    /// while the store cannot, the answer is the record's own count.
    Task<std::uint32_t> failures();

    /// Why the last fact was rejected; none when it was accepted.
    [[nodiscard]] const std::optional<statemachine::Rejection>& last_rejection() const { return last_rejection_; }

private:
    using Applied = Result<storage::JobStore::Applied>;
    [[nodiscard]] Applied apply(const statemachine::Event& event, const storage::SideWrites& side);
    [[nodiscard]] Applied take_over(const statemachine::Event& event, const storage::SideWrites& side,
                                    const Error& failed);
    void count(const Fact& fact, std::uint64_t sequence_before);
    void tell(const Fact& fact, statemachine::State before) const;

    storage::JobStore& store_;
    BlockingPool& pool_;
    Clock& clock_;
    statemachine::Job job_;
    std::optional<statemachine::Rejection> last_rejection_;
    std::optional<Attempts> attempts_;  ///< none before failures() is first called
};

}  // namespace emeth::node
