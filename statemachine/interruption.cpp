// What may happen at any moment: failures, restarts, reorganisations of the chain. Also helpers shared by all handlers.
#include "statemachine/handlers.hpp"
#include "statemachine/text.hpp"

namespace emeth::statemachine {
namespace {

void forget_verdict(Job& draft) {
    draft.outcome.verdict.reset();
    draft.outcome.end_reason.clear();
    draft.outcome.penalty = Wei{};
    draft.outcome.paid.reset();
    draft.outcome.gas = 0;
    draft.outcome.slot = 0;
    if (draft.outcome.decline) draft.outcome.decline->block = 0;
}

Rejection not_on_record_here(ChainFact fact) {
    switch (fact) {
        case ChainFact::process:
            return contradicts_record("the confirmed process is not what this state rests on");
        case ChainFact::submit:
            return contradicts_record("no submit was confirmed here");
        case ChainFact::verdict:
            return contradicts_record("no verdict was recorded here");
    }
    return contradicts_record(sentence("unknown fact ", static_cast<unsigned>(fact)));
}

}  // namespace

Check record_failure(Job& draft, const StepFailed& event) {
    const std::uint32_t crashes = draft.retry.crashes + (event.failure == FailureClass::bug ? 1 : 0);
    draft.retry = {event.attempt, event.retry_at_unix_ms, event.step, event.message, crashes};
    return std::nullopt;
}

Check count_restart(Job& draft, const Restarted&) {
    ++draft.restarts;
    return std::nullopt;
}

Check undo_process(Job& draft, const ReorgedOut& event) {
    if (event.fact != ChainFact::process) return not_on_record_here(event.fact);
    if (draft.deposit.process) draft.deposit.process->block = 0;
    draft.deposit.deposit = {};
    // A submit cannot stand without its process, so it has to be confirmed again as well.
    if (draft.outcome.submit) draft.outcome.submit->block = 0;
    draft.evidence = {};
    return std::nullopt;
}

Step undo_process_or_submit(Job& draft, const ReorgedOut& event) {
    if (event.fact == ChainFact::submit) {
        if (draft.outcome.submit) draft.outcome.submit->block = 0;  // the same bytes will be mined again
        draft.evidence = {};                                        // in another block, which makes another draw
        return State::training;
    }
    if (Check refused = undo_process(draft, event)) return *std::move(refused);
    return State::discovered;
}

Check undo_verdict_on_result(Job& draft, const ReorgedOut& event) {
    if (event.fact != ChainFact::verdict) return not_on_record_here(event.fact);
    forget_verdict(draft);
    return std::nullopt;
}

Step undo_end_without_result(Job& draft, const ReorgedOut& event) {
    if (Check refused = undo_verdict_on_result(draft, event)) return *std::move(refused);
    return state_of_progress(draft);
}

Rejection already_known(std::string reason) {
    return {RejectionKind::already_known, std::move(reason)};
}

Rejection contradicts_record(std::string reason) {
    return {RejectionKind::contradicts_record, std::move(reason)};
}

Rejection stale_lease(std::string reason) {
    return {RejectionKind::stale_lease, std::move(reason)};
}

Check require_lease(const Job& job, std::uint64_t number) {
    if (job.lease.active && job.lease.number == number) return std::nullopt;
    return stale_lease(sentence("lease ", number, " is not in force; the last one granted is ", job.lease.number));
}

Check require_recorded(const std::optional<TxRef>& recorded, const TxRef& reported, std::string_view what) {
    if (!recorded) return contradicts_record(sentence("no ", what, " transaction is on record"));
    // A stuck transaction is signed again with the same nonce and a higher price; the chain accepts
    // exactly one of its variants.
    if (recorded->hash == reported.hash || recorded->nonce == reported.nonce) return std::nullopt;
    return contradicts_record(
        sentence("transaction ", reported.hash.hex(), " is not the recorded ", what, " ", recorded->hash.hex()));
}

Check require_confirmed(const std::optional<TxRef>& recorded, const TxRef& reported, std::string_view what) {
    if (Check refused = require_recorded(recorded, reported, what)) return refused;
    if (reported.block == 0) return contradicts_record(sentence("the confirmed ", what, " names no block"));
    return std::nullopt;
}

State state_of_progress(const Job& job) {
    if (!job.lease.active) return State::accepted;
    return job.dataset.lease == job.lease.number ? State::training : State::downloading;
}

}  // namespace emeth::statemachine
