// submit, decline, and the verdicts of the chain.
#include "statemachine/amount_text.hpp"
#include "statemachine/handlers.hpp"
#include "statemachine/text.hpp"

namespace emeth::statemachine {
namespace {

void end(Job& draft, std::string reason) {
    draft.outcome.end_reason = std::move(reason);
    draft.retry = {};
}

}  // namespace

Check sign_submit(Job& draft, const SubmitSigned& event) {
    if (draft.outcome.submit) {
        if (draft.outcome.submit->hash == event.submit.hash) return already_known("submit is on record");
        return contradicts_record(
            sentence("submit ", draft.outcome.submit->hash.hex(), " is signed already and has not reverted"));
    }
    if (!draft.upload.completed) return contradicts_record("the upload is not complete");
    if (!draft.outcome.decline_reason.empty()) return contradicts_record("a decline was decided");
    draft.outcome.submit = event.submit;
    draft.retry = {};
    return std::nullopt;
}

Check confirm_submit(Job& draft, const SubmitConfirmed& event) {
    if (Check refused = require_confirmed(draft.outcome.submit, event.submit, "submit")) return refused;
    draft.outcome.submit = event.submit;
    draft.retry = {};
    return std::nullopt;
}

Check drop_submit(Job& draft, const SubmitReverted& event) {
    if (Check refused = require_recorded(draft.outcome.submit, event.submit, "submit")) return refused;
    draft.outcome.submit.reset();
    return std::nullopt;
}

Check decide_decline(Job& draft, const DeclineDecided& event) {
    if (event.reason.empty()) return contradicts_record("a decline needs a reason");
    if (!draft.outcome.decline_reason.empty()) return already_known("a decline was decided");
    if (draft.outcome.submit) {
        return contradicts_record(sentence("submit ", draft.outcome.submit->hash.hex(), " is signed"));
    }
    draft.outcome.decline_reason = event.reason;
    draft.retry = {};
    return std::nullopt;
}

Check sign_decline(Job& draft, const DeclineSigned& event) {
    if (draft.outcome.decline) {
        if (draft.outcome.decline->hash == event.decline.hash) return already_known("decline is on record");
        return contradicts_record(
            sentence("decline ", draft.outcome.decline->hash.hex(), " is signed already and has not reverted"));
    }
    if (draft.outcome.decline_reason.empty()) return contradicts_record("no decline was decided");
    draft.outcome.decline = event.decline;
    draft.retry = {};
    return std::nullopt;
}

Check drop_decline(Job& draft, const DeclineReverted& event) {
    if (Check refused = require_recorded(draft.outcome.decline, event.decline, "decline")) return refused;
    draft.outcome.decline.reset();
    draft.outcome.decline_reason.clear();  // the chain refused it: a new decision is needed
    return std::nullopt;
}

Check end_declined(Job& draft, const Declined& event) {
    if (Check refused = require_confirmed(draft.outcome.decline, event.decline, "decline")) return refused;
    draft.outcome.decline = event.decline;
    draft.outcome.penalty = event.penalty;
    end(draft, sentence("declined (", draft.outcome.decline_reason, "), penalty ", emt_text(event.penalty)));
    return std::nullopt;
}

Check end_timed_out(Job& draft, const TimedOut& event) {
    draft.outcome.verdict = event.verdict;
    draft.outcome.penalty = event.penalty;
    const std::int64_t early_s = draft.terms.deadline_unix_s - event.at_unix_s;
    const bool is_early = event.at_unix_s != 0 && early_s >= 0;
    end(draft, sentence(is_early ? sentence("the verifier ended it ", duration_text(early_s), " before its deadline")
                                 : std::string("the deadline passed"),
                        ", penalty ", emt_text(event.penalty)));
    return std::nullopt;
}

Check end_verified(Job& draft, const Verified& event) {
    draft.outcome.verdict = event.verdict;
    draft.outcome.gas = event.gas;
    draft.outcome.slot = event.slot;
    draft.outcome.paid = event.paid;
    end(draft, sentence("verified: ", event.gas, " gas in slot ", event.slot,
                        event.paid ? sentence(", ", emt_text(event.paid), " received") : std::string()));
    return std::nullopt;
}

Check end_failed(Job& draft, const ResultRejected& event) {
    draft.outcome.verdict = event.verdict;
    draft.outcome.penalty = event.penalty;
    end(draft, sentence("the verifier rejected the result, penalty ", emt_text(event.penalty),
                        event.reason.empty() ? std::string() : sentence(": ", event.reason)));
    return std::nullopt;
}

}  // namespace emeth::statemachine
