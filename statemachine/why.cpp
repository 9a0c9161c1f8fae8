// Why a JOB is where it is, in one sentence.
#include <algorithm>

#include "statemachine/amount_text.hpp"
#include "statemachine/delivery.hpp"
#include "statemachine/text.hpp"
#include "statemachine/transition.hpp"

namespace emeth::statemachine {
namespace {

/// "42 s", "3 min", "5 h 40 min", for a wait that is still to come.
std::string wait_text(std::int64_t wait_ms) {
    const std::int64_t seconds = std::max<std::int64_t>(1, (wait_ms + 999) / 1000);
    if (seconds < 120) return sentence(seconds, " s");
    const std::int64_t minutes = (seconds + 59) / 60;
    if (minutes < 120) return sentence(minutes, " min");
    return sentence(minutes / 60, " h ", minutes % 60, " min");
}

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
    if (retry.retry_at_unix_ms <= now_unix_ms) return sentence("trying again the ", cause);
    return sentence("waiting ", wait_text(retry.retry_at_unix_ms - now_unix_ms), " to retry the ", cause);
}

}  // namespace emeth::statemachine
