// The JOB state machine as one table: for every state, what each event does and where it leads. Read it as the
// specification; everything else (transition(), table(), the graphs) is derived from it.
#include "statemachine/transition.hpp"

#include "statemachine/handlers.hpp"
#include "statemachine/rules.hpp"
#include "statemachine/text.hpp"

namespace emeth::statemachine {
namespace {

using enum State;

// Events that are rejected together.
using BeforeDeposit =
    Events<DepositSigned, ProcessConfirmed, ProcessReverted, LostToOtherNode, CanceledByRequester, BecameInfeasible>;
using Leasing = Events<LeaseGranted, LeaseRevoked, WorkerLost>;
using TrainingReports = Events<CheckpointSaved, TrainingResumed, TrainingFinished>;
using Uploading = Events<UploadOpened, PartUploaded, UploadAborted, UploadCompleted>;
using Submitting = Events<SubmitSigned, SubmitConfirmed, SubmitReverted>;
using Declining = Events<DeclineDecided, DeclineSigned, DeclineReverted, Declined>;
using DecliningOnChain = Events<DeclineSigned, DeclineReverted, Declined>;
using Judging = Events<Verified, ResultRejected>;
using Showing = Events<EvidenceDrawn, EvidencePacked>;
using Interruptions = Events<StepFailed, Restarted>;

// clang-format off

constexpr Rules in_discovered{
    on<DepositSigned,       sign_deposit,        discovered>,
    on<ProcessConfirmed,    confirm_deposit,     accepted, downloading, training>,  // by the progress made
    on<ProcessReverted,     drop_deposit,        discovered>,
    on<LostToOtherNode,     lose_job,            lost>,
    on<CanceledByRequester, cancel_job,          canceled>,
    on<BecameInfeasible,    skip_job,            skipped>,
    on<DeclineDecided,      decide_decline,      discovered>,  // carried out once the deposit is locked
    on<StepFailed,          fail_before_deposit, discovered, skipped>,
    on<Restarted,           count_restart,       discovered>,
    rejects<Discovered, Leasing, DatasetReady, TrainingReports, Uploading, Submitting, Showing, DecliningOnChain, TimedOut,
            Judging, ReorgedOut>,
};

constexpr Rules in_accepted{
    on<LeaseGranted,        grant_lease,         downloading>,
    on<DeclineDecided,      decide_decline,      accepted>,
    on<DeclineSigned,       sign_decline,        accepted>,
    on<DeclineReverted,     drop_decline,        accepted>,
    on<Declined,            end_declined,        declined>,
    on<TimedOut,            end_timed_out,       timed_out>,
    on<StepFailed,          record_failure,      accepted>,
    on<Restarted,           count_restart,       accepted>,
    on<ReorgedOut,          undo_process,        discovered>,
    rejects<Discovered, BeforeDeposit, LeaseRevoked, WorkerLost, DatasetReady, TrainingReports, Uploading, Submitting,
            Showing, Judging>,
};

constexpr Rules in_downloading{
    on<DatasetReady,        accept_dataset,      training>,
    on<WorkerLost,          note_lost_worker,    downloading>,
    on<LeaseRevoked,        revoke_lease,        accepted>,
    on<DeclineDecided,      decide_decline,      downloading>,
    on<DeclineSigned,       sign_decline,        downloading>,
    on<DeclineReverted,     drop_decline,        downloading>,
    on<Declined,            end_declined,        declined>,
    on<TimedOut,            end_timed_out,       timed_out>,
    on<StepFailed,          record_failure,      downloading>,
    on<Restarted,           count_restart,       downloading>,
    on<ReorgedOut,          undo_process,        discovered>,
    rejects<Discovered, BeforeDeposit, LeaseGranted, TrainingReports, Uploading, Submitting, Showing, Judging>,
};

constexpr Rules in_training{
    on<TrainingResumed,     resume_training,     training>,
    on<CheckpointSaved,     save_checkpoint,     training>,
    on<TrainingFinished,    finish_training,     training>,
    on<UploadOpened,        open_upload,         training>,
    on<PartUploaded,        put_part,            training>,
    on<UploadAborted,       abort_upload,        training>,
    on<UploadCompleted,     complete_upload,     training>,
    on<SubmitSigned,        sign_submit,         training>,
    on<SubmitReverted,      drop_submit,         training>,
    on<SubmitConfirmed,     confirm_submit,      submitted>,
    on<WorkerLost,          note_lost_worker,    training>,
    on<LeaseRevoked,        revoke_lease,        accepted>,
    on<DeclineDecided,      decide_decline,      training>,
    on<DeclineSigned,       sign_decline,        training>,
    on<DeclineReverted,     drop_decline,        training>,
    on<Declined,            end_declined,        declined>,
    on<TimedOut,            end_timed_out,       timed_out>,
    on<StepFailed,          record_failure,      training>,
    on<Restarted,           count_restart,       training>,
    on<ReorgedOut,          undo_process,        discovered>,
    rejects<Discovered, BeforeDeposit, LeaseGranted, DatasetReady, Showing, Judging>,
};

constexpr Rules in_submitted{
    on<EvidenceDrawn,       draw_evidence,       submitted>,
    on<EvidencePacked,      note_packed_evidence, submitted>,
    on<UploadOpened,        open_evidence_upload, submitted>,
    on<PartUploaded,        put_evidence_part,   submitted>,
    on<UploadAborted,       abort_evidence_upload, submitted>,
    on<UploadCompleted,     complete_evidence_upload, submitted>,
    on<WorkerLost,          note_lost_worker,    submitted>,
    on<Verified,            end_verified,        verified>,
    on<ResultRejected,      end_failed,          failed>,
    on<StepFailed,          record_failure,      submitted>,
    on<Restarted,           count_restart,       submitted>,
    on<ReorgedOut,          undo_process_or_submit, discovered, training>,
    rejects<Discovered, BeforeDeposit, LeaseGranted, LeaseRevoked, DatasetReady, TrainingReports, Submitting, Declining,
            TimedOut>,  // the contract times out only JOBs that are PROCESSING
};

/// verified, failed: the verdict on a submitted result.
constexpr Rules in_end_with_result{
    on<ReorgedOut,          undo_verdict_on_result, submitted>,
    rejects<Discovered, BeforeDeposit, Leasing, DatasetReady, TrainingReports, Uploading, Submitting, Showing,
            Declining, TimedOut, Judging, Interruptions>,
};

/// timed_out, declined: ended by the chain without a result.
constexpr Rules in_end_without_result{
    on<ReorgedOut,          undo_end_without_result, accepted, downloading, training>,
    rejects<Discovered, BeforeDeposit, Leasing, DatasetReady, TrainingReports, Uploading, Submitting, Showing,
            Declining, TimedOut, Judging, Interruptions>,
};

/// canceled, lost, skipped: no deposit was ever locked; nothing more happens.
constexpr Rules in_end_before_deposit{
    rejects<Discovered, BeforeDeposit, Leasing, DatasetReady, TrainingReports, Uploading, Submitting, Showing,
            Declining, TimedOut, Judging, Interruptions, ReorgedOut>,
};

// clang-format on

Rejection not_in_this_state(const Job& job, const EventBody& event) {
    return {RejectionKind::not_in_this_state, sentence(name(event), " does not happen in state ", name(job.state))};
}

void enter(Job& job, State state, std::int64_t at_unix_ms) {
    if (job.state == state) return;
    job.state = state;
    job.entered_at_unix_ms = at_unix_ms;
}

Transition made(Job next) {
    const Command command = next_command(next);
    return {std::move(next), {command}};
}

}  // namespace

const Rules* rules_in(State state) {
    switch (state) {
        case discovered:
            return &in_discovered;
        case accepted:
            return &in_accepted;
        case downloading:
            return &in_downloading;
        case training:
            return &in_training;
        case submitted:
            return &in_submitted;
        case verified:
        case failed:
            return &in_end_with_result;
        case timed_out:
        case declined:
            return &in_end_without_result;
        case canceled:
        case lost:
        case skipped:
            return &in_end_before_deposit;
    }
    return nullptr;
}

Transition discover(const Discovered& event, std::int64_t at_unix_ms) {
    Job job;
    job.terms = event.terms;
    job.entered_at_unix_ms = at_unix_ms;
    return made(std::move(job));
}

TransitionResult transition(const Job& job, const Event& event) {
    const Rules* rules = rules_in(job.state);
    if (rules == nullptr || event.body.valueless_by_exception()) return not_in_this_state(job, event.body);
    const Cell& cell = rules->cell(event.body.index());
    if (cell.apply == nullptr) return not_in_this_state(job, event.body);

    Job draft = job;
    Step step = cell.apply(draft, event.body);
    if (auto* refused = std::get_if<Rejection>(&step)) {
        refused->reason = sentence(name(event.body), " in state ", name(job.state), ": ", refused->reason);
        return std::move(*refused);
    }
    enter(draft, std::get<State>(step), event.at_unix_ms);
    return made(std::move(draft));
}

std::string_view name(RejectionKind kind) {
    switch (kind) {
        case RejectionKind::not_in_this_state:
            return "not_in_this_state";
        case RejectionKind::stale_lease:
            return "stale_lease";
        case RejectionKind::already_known:
            return "already_known";
        case RejectionKind::contradicts_record:
            return "contradicts_record";
    }
    return "unknown";
}

}  // namespace emeth::statemachine
