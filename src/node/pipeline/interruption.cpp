// Facts that come from beside a JOB's own work and may end it: the operator's decline, and what the chain says. They
// wait here until the JOB's coroutine commits them; both can be had again (the chain is asked again, the operator is
// answered after the commit).
#include <utility>

#include "node/pipeline/pipeline.hpp"
#include "runtime/log.hpp"
#include "statemachine/text.hpp"

namespace emeth::node {

namespace sm = statemachine;

Result<void> Pipeline::request_decline(std::string reason) {
    const auto& record = job();
    if (sm::is_end(record.state)) return permanent_error(short_name(id()) + " has ended: " + record.outcome.end_reason);
    if (record.outcome.submit)
        return permanent_error(short_name(id()) + " has its result submitted: only the verifier's verdict ends it now");
    decline_request_ = std::move(reason);
    interrupted_.notify();
    return {};
}

/// The fact that fits the JOB as it is now. A decline is decided at once, also while a process transaction is in
/// flight: that may lock the deposit, and then there is something to give back; when it reverts, the JOB is left to
/// others.
std::optional<Pipeline::Fact> Pipeline::pending_interruption() const {
    const auto& record = job();
    if (chain_fact_) return chain_fact_;
    const bool decided = !record.outcome.decline_reason.empty();
    if (!decided && !decline_request_) return std::nullopt;
    if (record.state == sm::State::discovered && !record.deposit.process)
        return sm::BecameInfeasible{decided ? record.outcome.decline_reason : *decline_request_};
    if (decided || record.outcome.submit || sm::is_end(record.state)) return std::nullopt;
    return sm::DeclineDecided{*decline_request_};
}

Task<> Pipeline::wait_for_interruption() {
    while (!pending_interruption()) co_await interrupted_.wait();
}

Task<Result<void>> Pipeline::commit_interruption(Fact fact) {
    const bool gives_back = std::holds_alternative<sm::DeclineDecided>(fact);
    const bool draws = std::holds_alternative<sm::EvidenceDrawn>(fact);
    const Result<bool> accepted = co_await journal_.report(std::move(fact));
    if (accepted.has_error()) co_return accepted.error();
    // Accepted or not, it was dealt with; the chain's watch brings its facts again while they hold.
    if (chain_fact_) {
        chain_fact_.reset();
    } else {
        decline_request_.reset();
    }
    if (!*accepted) co_return transient_error(journal_.last_rejection()->reason);
    if (gives_back) release_worker(false, "the JOB is given back");
    if (draws) forget_draw();
    co_return Result<void>{};
}

}  // namespace emeth::node
