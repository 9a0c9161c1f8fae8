#include "node/pipeline/interruptions.hpp"

#include <utility>

#include "statemachine/delivery.hpp"
#include "statemachine/text.hpp"

namespace emeth::node {

namespace sm = statemachine;

void Interruptions::put_chain_fact(Fact fact) {
    chain_fact_ = std::move(fact);
    changed_.notify();
}

Result<void> Interruptions::request_decline(std::string reason) {
    const sm::Job& job = journal_.job();
    if (sm::is_end(job.state))
        return permanent_error(short_name(job.terms.id) + " has ended: " + job.outcome.end_reason);
    if (job.outcome.submit)
        return permanent_error(short_name(job.terms.id) +
                               " has its result submitted: only the verifier's verdict ends it now");
    decline_request_ = std::move(reason);
    changed_.notify();
    return {};
}

void Interruptions::request_takeover(std::uint64_t lease, std::string reason) {
    takeover_request_ = sm::LeaseRevoked{lease, std::move(reason)};
    changed_.notify();
}

/// A decline is decided at once, even while a process transaction is in flight: if that locks the deposit, there is
/// something to give back; if it reverts, the JOB is left to others.
std::optional<Fact> Interruptions::pending() const {
    const sm::Job& job = journal_.job();
    if (chain_fact_) return chain_fact_;
    const bool decided = !job.outcome.decline_reason.empty();
    if (!decided && !decline_request_) return takeover();
    if (job.state == sm::State::discovered && !job.deposit.process)
        return sm::BecameInfeasible{decided ? job.outcome.decline_reason : *decline_request_};
    if (decided || job.outcome.submit || sm::is_end(job.state)) return std::nullopt;
    return sm::DeclineDecided{*decline_request_};
}

std::optional<Fact> Interruptions::takeover() const {
    const sm::Job& job = journal_.job();
    const bool stands = takeover_request_ && job.lease.active && job.lease.number == takeover_request_->number &&
                        sm::hold_of(job.state) == sm::WorkerHold::work && !job.upload.completed &&
                        !job.training.artifact;
    if (!stands) return std::nullopt;
    return *takeover_request_;
}

Task<> Interruptions::wait() {
    while (!pending()) co_await changed_.wait();
}

void Interruptions::dealt_with() {
    if (chain_fact_) {
        chain_fact_.reset();
    } else {
        decline_request_.reset();
    }
}

}  // namespace emeth::node
