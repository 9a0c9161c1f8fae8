// What people are told: one sentence for every event, and one for why a JOB is where it is. An event or a command that
// has none does not compile.
#include <optional>

#include "statemachine/amount_text.hpp"
#include "statemachine/delivery.hpp"
#include "statemachine/event.hpp"
#include "statemachine/text.hpp"
#include "statemachine/transition.hpp"

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
        const std::string approve = event.approve ? sentence("approve ", transaction(*event.approve), " and ") : "";
        return sentence(approve, "process ", transaction(event.process), " signed");
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
        return sentence("verified in block ", event.verdict.block, ": ", event.gas, " gas in slot ", event.slot,
                        ", received: ", emt_text(event.paid));
    }
    std::string operator()(const ResultRejected& event) const {
        return sentence("result rejected in block ", event.verdict.block, ", penalty ", emt_text(event.penalty),
                        event.reason.empty() ? std::string() : sentence(": ", event.reason));
    }
    std::string operator()(const TimedOut& event) const {
        return sentence("timed out in block ", event.verdict.block, ", penalty ", emt_text(event.penalty));
    }
    std::string operator()(const DeclineDecided& event) const { return sentence("decided to decline: ", event.reason); }
    std::string operator()(const DeclineSigned& event) const {
        return sentence("decline ", transaction(event.decline), " signed");
    }
    std::string operator()(const Declined& event) const {
        return sentence("declined in block ", event.decline.block, ", penalty ", emt_text(event.penalty));
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

namespace {

std::string in_flight(std::string_view what, const std::optional<TxRef>& tx) {
    if (!tx) return sentence("waiting for the ", what, " transaction");
    return sentence("waiting for the ", what, " transaction ", short_hex(tx->hash), " (nonce ", tx->nonce,
                    ") to be deep enough in the chain");
}

std::string why_unleased(const Job& job) {
    const std::string deposit = sentence("deposit of ", to_tokens(job.deposit.deposit), " EMT locked; waiting for ");
    if (job.lease.number == 0) return deposit + "an idle worker";
    return sentence(deposit, "a worker, lease ", job.lease.number, " was revoked");
}

std::string why_training(const Job& job) {
    const std::string worker =
        sentence("worker ", short_hex(job.lease.worker), " trains under lease ", job.lease.number);
    if (!job.training.checkpoint)
        return sentence(worker, ": no checkpoint yet, ", job.dataset.steps_total, " steps to do");
    return sentence(worker, ": step ", job.training.checkpoint->step, " of ", job.dataset.steps_total, " saved, loss ",
                    loss_text(job.training.checkpoint->loss));
}

std::string why_ended(const Job& job) {
    return job.outcome.end_reason.empty() ? sentence("ended: ", name(job.state)) : job.outcome.end_reason;
}

std::string why_command(const Job& job) {
    switch (next_command(job)) {
        case Command::send_process:
            return sentence("chosen for a fee of ", to_tokens(job.terms.fee), " EMT; about to lock the deposit");
        case Command::await_process:
            return in_flight("process", job.deposit.process);
        case Command::lease_worker:
            return why_unleased(job);
        case Command::download:
            return sentence("worker ", short_hex(job.lease.worker), " fetches and tokenises the dataset of ",
                            job.terms.dataset_bytes, " bytes under lease ", job.lease.number);
        case Command::train:
            return why_training(job);
        case Command::open_upload:
            if (delivery_of(job.state) == Delivery::evidence) return "the evidence is packed; about to open its upload";
            return "training is over; about to open the upload of the artifact";
        case Command::upload_parts:
            return sentence("uploading ", upload_in_hand(job).file_name, ": ", upload_in_hand(job).etags.size(), " of ",
                            upload_in_hand(job).parts_total, " parts are there");
        case Command::complete_upload:
            return sentence("all parts of ", upload_in_hand(job).file_name, " uploaded; about to complete it");
        case Command::send_submit:
            return sentence(job.upload.file_name, " uploaded; about to submit it");
        case Command::await_submit:
            return in_flight("submit", job.outcome.submit);
        case Command::await_draw:
            return "submitted; waiting for the submit's block to draw the segments to be shown";
        case Command::pack_evidence:
            return sentence("submitted; worker ", short_hex(job.lease.worker), ", which trained, packs the states of ",
                            job.evidence.segments.size(), " segments; without them the verifier rejects the result");
        case Command::await_verdict:
            return "submitted; waiting for the verifier's verdict";
        case Command::send_decline:
            return sentence("about to decline: ", job.outcome.decline_reason);
        case Command::await_decline:
            return sentence(in_flight("decline", job.outcome.decline), ": ", job.outcome.decline_reason);
        case Command::cleanup:
            return why_ended(job);
    }
    return std::string(name(job.state));
}

}  // namespace

std::string why(const Job& job, std::int64_t now_unix_ms) {
    const RetryProgress& retry = job.retry;
    if (is_end(job.state) || retry.attempt == 0) return why_command(job);
    std::string cause = sentence(retry.step, ": ", retry.last_error, ", attempt ", retry.attempt);
    if (retry.crashes > 1) cause += sentence(", ", retry.crashes, " crashes in a row");
    if (retry.retry_at_unix_ms <= now_unix_ms) return sentence("about to retry the ", cause);
    const std::int64_t wait_s = (retry.retry_at_unix_ms - now_unix_ms + 999) / 1000;
    return sentence("waiting ", duration_text(wait_s), " to retry the ", cause);
}

}  // namespace emeth::statemachine
