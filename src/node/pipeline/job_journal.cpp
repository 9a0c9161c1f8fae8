#include "node/pipeline/job_journal.hpp"

#include <fmt/format.h>

#include <utility>

#include "runtime/failpoint.hpp"
#include "statemachine/text.hpp"

namespace emeth::node {

JobJournal::JobJournal(storage::JobStore& store, BlockingPool& pool, Clock& clock, statemachine::Job job)
    : store_(store), pool_(pool), clock_(clock), job_(std::move(job)) {}

Task<Result<bool>> JobJournal::report(Fact fact, storage::SideWrites side) {
    const statemachine::Event event{clock_.unix_ms(), std::move(fact)};
    failpoint::before("commit", statemachine::name(event.body));
    auto work = [this, &event, &side] { return apply(event, side); };
    Applied applied = co_await pool_.run(std::move(work));
    if (applied.has_error())
        co_return in_context(
            short_name(job_.terms.id) + ": cannot commit " + std::string(statemachine::name(event.body)),
            applied.error());
    failpoint::after("commit", statemachine::name(event.body));
    const auto before = job_.state;
    const auto sequence_before = job_.sequence;
    job_ = std::move(applied->job);
    last_rejection_ = std::move(applied->rejection);
    count(event.body, sequence_before);
    tell(event.body, before);
    co_return !last_rejection_;
}

Task<std::uint32_t> JobJournal::failures() {
    if (!attempts_) {
        auto read = [this] { return store_.history(job_.terms.id); };
        const Result<std::vector<storage::HistoryEntry>> history = co_await pool_.run(std::move(read));
        if (history.has_error()) co_return job_.retry.attempt;
        attempts_.emplace(*history);
    }
    co_return attempts_->failures();
}

/// If the commit took over another one that was believed to have failed, the history is read again.
void JobJournal::count(const Fact& fact, std::uint64_t sequence_before) {
    if (!attempts_) return;
    if (job_.sequence != sequence_before + 1)
        attempts_.reset();
    else if (!last_rejection_)
        attempts_->take(fact);
}

JobJournal::Applied JobJournal::apply(const statemachine::Event& event, const storage::SideWrites& side) {
    Applied applied = store_.apply(job_, event, side);
    return applied.has_error() && applied.error().kind == ErrorKind::permanent ? take_over(event, side, applied.error())
                                                                               : std::move(applied);
}

/// A commit that failed on a failing disk may turn out to be durable once the disk recovers, and if the disk fails once
/// more, so may the next one; the record in memory is then behind. If the event that is being committed is among those,
/// nothing is left to do; otherwise it is applied after them. Nobody else commits for this JOB.
JobJournal::Applied JobJournal::take_over(const statemachine::Event& event, const storage::SideWrites& side,
                                          const Error& failed) {
    const auto stored = store_.find(job_.terms.id);
    if (stored.has_error()) return stored.error();
    if (!*stored || (*stored)->sequence <= job_.sequence) return failed;
    const auto history = store_.history(job_.terms.id);
    if (history.has_error()) return history.error();
    for (const storage::HistoryEntry& entry : *history) {
        const bool is_same = entry.event.body.index() == event.body.index() &&
                             statemachine::describe(entry.event.body) == statemachine::describe(event.body);
        if (is_same && entry.sequence > job_.sequence) return storage::JobStore::Applied{**stored, entry.rejection, {}};
    }
    return store_.apply(**stored, event, side);
}

Task<Result<void>> JobJournal::note(Fact fact) {
    const Result<bool> committed = co_await report(std::move(fact));
    if (committed.has_error()) co_return committed.error();
    co_return Result<void>{};
}

Task<Result<void>> JobJournal::commit(Fact fact, storage::SideWrites side) {
    const Result<bool> accepted = co_await report(std::move(fact), std::move(side));
    if (accepted.has_error()) co_return accepted.error();
    if (!*accepted) co_return transient_error(last_rejection_->reason);
    co_return Result<void>{};
}

SubjectLog log_of(const statemachine::Job& job) {
    return job.lease.active ? emeth::log_of(job.terms.id, job.lease.worker) : emeth::log_of(job.terms.id);
}

void JobJournal::tell(const Fact& fact, statemachine::State before) const {
    if (last_rejection_) {
        log().warn("not accepted: {}", last_rejection_->reason);
    } else if (job_.state != before) {
        // A penalty that is unknown may be one.
        const bool is_money_lost = statemachine::is_end(job_.state) && job_.outcome.penalty != Wei{};
        log().write(is_money_lost ? spdlog::level::err : spdlog::level::info, "{} → {}: {}", statemachine::name(before),
                    statemachine::name(job_.state), statemachine::describe(fact));
    } else {
        log().info("{}: {}", statemachine::name(job_.state), statemachine::describe(fact));
    }
}

}  // namespace emeth::node
