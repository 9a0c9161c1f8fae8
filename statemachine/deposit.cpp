// approve and process, and the ends that are possible only before a deposit is locked.
#include "statemachine/handlers.hpp"
#include "statemachine/text.hpp"

namespace emeth::statemachine {

Check sign_deposit(Job& draft, const DepositSigned& event) {
    if (draft.deposit.process) {
        if (draft.deposit.process->hash == event.process.hash) return already_known("process is on record");
        return contradicts_record(
            sentence("process ", draft.deposit.process->hash.hex(), " is signed already and has not reverted"));
    }
    draft.deposit.approve = event.approve;
    draft.deposit.process = event.process;
    draft.retry = {};
    return std::nullopt;
}

Step confirm_deposit(Job& draft, const ProcessConfirmed& event) {
    if (Check refused = require_confirmed(draft.deposit.process, event.process, "process")) return *std::move(refused);
    draft.deposit.process = event.process;
    draft.deposit.deposit = event.deposit;
    draft.retry = {};
    return state_of_progress(draft);
}

Check drop_deposit(Job& draft, const ProcessReverted& event) {
    if (Check refused = require_recorded(draft.deposit.process, event.process, "process")) return refused;
    draft.deposit = {};
    return std::nullopt;
}

// These two come from the chain, so they hold even while a process transaction is in flight: it can only revert.

Check lose_job(Job& draft, const LostToOtherNode& event) {
    draft.outcome.end_reason = sentence("another node was first: ", event.node.hex());
    draft.retry = {};
    return std::nullopt;
}

Check cancel_job(Job& draft, const CanceledByRequester&) {
    draft.outcome.end_reason = "the requester took the JOB back";
    draft.retry = {};
    return std::nullopt;
}

// These two are judgements of this node. A process transaction in flight may still lock
// the deposit, whatever we decide.

Check skip_job(Job& draft, const BecameInfeasible& event) {
    if (draft.deposit.process) {
        return contradicts_record(
            sentence("process ", draft.deposit.process->hash.hex(), " is in flight and may lock the deposit"));
    }
    draft.outcome.end_reason = sentence("became infeasible: ", event.reason);
    draft.retry = {};
    return std::nullopt;
}

Step fail_before_deposit(Job& draft, const StepFailed& event) {
    if (Check refused = record_failure(draft, event)) return *std::move(refused);
    switch (event.failure) {
        case FailureClass::transient:
        case FailureClass::bug:
            return State::discovered;
        case FailureClass::permanent:
            break;
    }
    if (draft.deposit.process) return State::discovered;
    draft.outcome.end_reason = sentence(event.step, " failed: ", event.message);
    return State::skipped;
}

}  // namespace emeth::statemachine
