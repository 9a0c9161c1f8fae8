// One sentence for every event. A new kind of event does not compile until it has one.
#include <optional>

#include "statemachine/amount_text.hpp"
#include "statemachine/event.hpp"
#include "statemachine/text.hpp"

namespace emeth::statemachine {
namespace {

std::string transaction(const TxRef& tx) {
    return sentence(tx.hash.hex(), " (nonce ", tx.nonce, ")");
}

/// "0, 7 and 19".
std::string listed(const std::vector<std::uint32_t>& numbers) {
    std::string text;
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        if (i > 0) text += i + 1 == numbers.size() ? " and " : ", ";
        append_text(text, numbers[i]);
    }
    return text;
}

std::string_view fact_name(ChainFact fact) {
    switch (fact) {
        case ChainFact::process:
            return "process transaction";
        case ChainFact::submit:
            return "submit transaction";
        case ChainFact::verdict:
            return "verdict";
    }
    return "unknown fact";
}

std::string_view failure_name(FailureClass failure) {
    switch (failure) {
        case FailureClass::transient:
            return "transiently";
        case FailureClass::permanent:
            return "permanently";
        case FailureClass::bug:
            return "by a crash of the process";
    }
    return "in an unknown way";
}

struct Describer {
    std::string operator()(const Discovered& event) const {
        return sentence("JOB ", event.terms.id.hex(), " chosen: fee ", to_tokens(event.terms.fee), " EMT, dataset of ",
                        event.terms.dataset_bytes, " bytes");
    }
    std::string operator()(const DepositSigned& event) const {
        return sentence("approve ", transaction(event.approve), " and process ", transaction(event.process), " signed");
    }
    std::string operator()(const ProcessConfirmed& event) const {
        return sentence("deposit of ", to_tokens(event.deposit), " EMT confirmed in block ", event.process.block);
    }
    std::string operator()(const LostToOtherNode& event) const {
        return sentence("node ", event.node.hex(), " was first");
    }
    std::string operator()(const CanceledByRequester&) const { return "the requester took the JOB back"; }
    std::string operator()(const BecameInfeasible& event) const {
        return sentence("became infeasible: ", event.reason);
    }
    std::string operator()(const ProcessReverted& event) const {
        return sentence("process ", transaction(event.process), " reverted: ", event.reason);
    }
    std::string operator()(const LeaseGranted& event) const {
        return sentence("lease ", event.number, " granted to worker ", event.worker.hex());
    }
    std::string operator()(const LeaseRevoked& event) const {
        return sentence("lease ", event.number, " revoked: ", event.reason);
    }
    std::string operator()(const DatasetReady& event) const {
        return sentence("dataset ready: ", event.bytes, " bytes, ", event.tokens, " training tokens, ",
                        event.steps_total, " steps to do");
    }
    std::string operator()(const CheckpointSaved& event) const {
        return sentence("checkpoint saved at step ", event.checkpoint.step, " (", event.checkpoint.epoch,
                        " epochs finished), loss ", loss_text(event.checkpoint.loss));
    }
    std::string operator()(const TrainingResumed& event) const {
        return sentence("training continued at step ", event.step, ": ", event.reason);
    }
    std::string operator()(const TrainingFinished& event) const {
        return sentence("training finished after ", event.artifact.steps, " steps; artifact of ", event.artifact.bytes,
                        " bytes, validation loss ", loss_text(event.artifact.validation_loss));
    }
    std::string operator()(const UploadOpened& event) const {
        return sentence("upload of ", event.file_name, " opened in ", event.parts_total, " parts");
    }
    std::string operator()(const PartUploaded& event) const { return sentence("part ", event.part, " uploaded"); }
    std::string operator()(const UploadAborted& event) const { return sentence("upload aborted: ", event.reason); }
    std::string operator()(const UploadCompleted& event) const {
        return sentence("upload of ", event.file_name, " completed");
    }
    std::string operator()(const SubmitSigned& event) const {
        return sentence("submit ", transaction(event.submit), " signed");
    }
    std::string operator()(const SubmitConfirmed& event) const {
        return sentence("submit confirmed in block ", event.submit.block);
    }
    std::string operator()(const Verified& event) const {
        return sentence("verified in block ", event.verdict.block, ": ", event.gas, " gas in slot ", event.slot);
    }
    std::string operator()(const ResultRejected& event) const {
        return sentence("result rejected in block ", event.verdict.block, ", penalty ", to_tokens(event.penalty),
                        " EMT");
    }
    std::string operator()(const TimedOut& event) const {
        return sentence("timed out in block ", event.verdict.block, ", penalty ", to_tokens(event.penalty), " EMT");
    }
    std::string operator()(const DeclineDecided& event) const { return sentence("decided to decline: ", event.reason); }
    std::string operator()(const DeclineSigned& event) const {
        return sentence("decline ", transaction(event.decline), " signed");
    }
    std::string operator()(const Declined& event) const {
        return sentence("declined in block ", event.decline.block, ", penalty ", to_tokens(event.penalty), " EMT");
    }
    std::string operator()(const Restarted& event) const { return sentence("the master started: ", event.reason); }
    std::string operator()(const ReorgedOut& event) const {
        return sentence("a reorganisation of the chain took back the ", fact_name(event.fact));
    }
    std::string operator()(const StepFailed& event) const {
        return sentence(event.step, " failed ", failure_name(event.failure), ": ", event.message, " (attempt ",
                        event.attempt, ")");
    }
    std::string operator()(const WorkerLost& event) const {
        return sentence("connection to the worker of lease ", event.lease, " lost: ", event.reason);
    }
    std::string operator()(const SubmitReverted& event) const {
        return sentence("submit ", transaction(event.submit), " reverted: ", event.reason);
    }
    std::string operator()(const DeclineReverted& event) const {
        return sentence("decline ", transaction(event.decline), " reverted: ", event.reason);
    }
    std::string operator()(const EvidenceDrawn& event) const {
        return sentence("block ", short_hex(event.block_hash), " draws ", event.segments.size(),
                        " segments to be shown: ", listed(event.segments));
    }
    std::string operator()(const EvidencePacked& event) const {
        return sentence("evidence packed: ", event.file.bytes, " bytes");
    }
};

}  // namespace

std::string describe(const EventBody& event) {
    return std::visit(Describer{}, event);
}

}  // namespace emeth::statemachine
