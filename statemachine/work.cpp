// Leases, and what the leased worker reports: the dataset and the training.
#include "statemachine/handlers.hpp"
#include "statemachine/text.hpp"

namespace emeth::statemachine {

Check grant_lease(Job& draft, const LeaseGranted& event) {
    if (!draft.outcome.decline_reason.empty()) return contradicts_record("a decline was decided");
    if (event.number != draft.lease.number + 1) {
        return contradicts_record(sentence("lease ", event.number, " does not follow lease ", draft.lease.number));
    }
    // Checkpoint and artifact are files of the worker that made them. The dataset's digest is kept for comparison.
    const bool same_worker = draft.lease.number > 0 && draft.lease.worker == event.worker;
    if (!same_worker) {
        draft.training.checkpoint.reset();
        draft.training.artifact.reset();
    }
    draft.upload = {};  // one upload per lease: the old one is never completed
    draft.lease = {event.number, event.worker, true};
    return std::nullopt;
}

Check revoke_lease(Job& draft, const LeaseRevoked& event) {
    if (Check refused = require_lease(draft, event.number)) return refused;
    if (draft.upload.completed) {
        return contradicts_record(sentence(draft.upload.file_name, " is uploaded: the work of this lease is done"));
    }
    // What this lease did not confirm rests on the word of one worker: if it were kept, a single false report would
    // exclude the honest workers.
    if (draft.dataset.lease != draft.lease.number) draft.dataset = {};
    draft.lease.active = false;
    return std::nullopt;
}

Check note_lost_worker(Job& draft, const WorkerLost& event) {
    return require_lease(draft, event.lease);
}

Check accept_dataset(Job& draft, const DatasetReady& event) {
    if (Check refused = require_lease(draft, event.lease)) return refused;
    if (draft.dataset.sha256 && *draft.dataset.sha256 != event.sha256) {
        return contradicts_record(sentence("sha256 ", event.sha256.hex(), " differs from the recorded ",
                                           draft.dataset.sha256->hex(), ": the dataset was replaced or damaged"));
    }
    draft.dataset = {event.sha256, event.bytes, event.tokens, event.steps_total, event.lease};
    draft.retry = {};
    return std::nullopt;
}

Check save_checkpoint(Job& draft, const CheckpointSaved& event) {
    if (Check refused = require_lease(draft, event.lease)) return refused;
    if (const auto& known = draft.training.checkpoint) {
        const Checkpoint& saved = event.checkpoint;
        if (saved.step == known->step && saved.sha256 == known->sha256) return already_known("checkpoint is on record");
        if (saved.step <= known->step || saved.epoch < known->epoch) {
            return contradicts_record(sentence("step ", saved.step, " of epoch ", saved.epoch, " is not beyond step ",
                                               known->step, " of epoch ", known->epoch));
        }
    }
    draft.training.checkpoint = event.checkpoint;
    draft.retry = {};
    return std::nullopt;
}

Check resume_training(Job& draft, const TrainingResumed& event) {
    if (Check refused = require_lease(draft, event.lease)) return refused;
    if (draft.training.artifact) return contradicts_record("training is over");
    const auto& known = draft.training.checkpoint;
    if (event.step == 0) {
        draft.training.checkpoint.reset();  // if one was on record, the worker found it missing or damaged
        return std::nullopt;
    }
    // A larger step means a checkpoint whose report was lost in a crash.
    if (known && event.step < known->step) {
        return contradicts_record(sentence("step ", event.step, " is behind the checkpoint at step ", known->step));
    }
    ++draft.training.resumes;
    return std::nullopt;
}

Check finish_training(Job& draft, const TrainingFinished& event) {
    if (Check refused = require_lease(draft, event.lease)) return refused;
    if (draft.training.artifact == event.artifact) return already_known("the artifact is on record");
    if (draft.upload.completed) {
        return contradicts_record(sentence("another artifact is uploaded as ", draft.upload.file_name));
    }
    // It was made again because the first was damaged: the worker can upload only this one, and parts of the other no
    // longer count.
    draft.upload = {};
    draft.training.artifact = event.artifact;
    draft.retry = {};
    return std::nullopt;
}

}  // namespace emeth::statemachine
