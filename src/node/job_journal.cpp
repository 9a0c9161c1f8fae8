#include "node/job_journal.hpp"

#include <fmt/format.h>

#include <utility>

#include "runtime/failpoint.hpp"
#include "runtime/log.hpp"

namespace emeth::node {

std::string short_name(const JobId& id) { return "JOB " + id.hex().substr(0, 10) + "…"; }

JobJournal::JobJournal(storage::JobStore& store, BlockingPool& pool, Clock& clock, statemachine::Job job)
    : store_(store), pool_(pool), clock_(clock), job_(std::move(job)) {}

Task<Result<bool>> JobJournal::report(statemachine::EventBody fact, storage::SideWrites side) {
    const statemachine::Event event{clock_.unix_ms(), std::move(fact)};
    failpoint::before("commit", statemachine::name(event.body));
    auto apply = [this, &event, &side] { return store_.apply(job_, event, side); };
    Result<storage::JobStore::Applied> applied = co_await pool_.run(std::move(apply));
    if (applied.has_error()) co_return in_context(short_name(job_.terms.id) + ": cannot commit " + std::string(statemachine::name(event.body)), applied.error());
    failpoint::after("commit", statemachine::name(event.body));
    const auto before = job_.state;
    job_ = std::move(applied->job);
    last_rejection_ = std::move(applied->rejection);
    log(event.body, before);
    co_return !last_rejection_;
}

Task<Result<void>> JobJournal::commit(statemachine::EventBody fact, storage::SideWrites side) {
    const Result<bool> accepted = co_await report(std::move(fact), std::move(side));
    if (accepted.has_error()) co_return accepted.error();
    if (!*accepted) co_return transient_error(last_rejection_->reason);
    co_return Result<void>{};
}

void JobJournal::log(const statemachine::EventBody& fact, statemachine::State before) const {
    const auto id = short_name(job_.terms.id);
    if (last_rejection_) {
        spdlog::warn("{}: not accepted: {}", id, last_rejection_->reason);
    } else if (job_.state != before) {
        spdlog::info("{}: {} → {}: {}", id, statemachine::name(before), statemachine::name(job_.state), statemachine::describe(fact));
    } else {
        spdlog::info("{}: {}: {}", id, statemachine::name(job_.state), statemachine::describe(fact));
    }
}

}  // namespace emeth::node
