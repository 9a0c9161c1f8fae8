// submitted: segments of the training are drawn at random, and the worker that trained shows them.
#include <algorithm>

#include "statemachine/handlers.hpp"
#include "statemachine/text.hpp"

namespace emeth::statemachine {

/// A different block than before means a reorganisation: what was packed and uploaded for the
/// old draw no longer counts.
Check draw_evidence(Job& draft, const EvidenceDrawn& event) {
    if (draft.evidence.block_hash == event.block_hash) return already_known("the draw is on record");
    if (event.segments.empty()) return contradicts_record("it draws no segment");
    if (!std::ranges::is_sorted(event.segments)) return contradicts_record("its segments are not in order");
    draft.evidence = {event.block_hash, event.segments, std::nullopt, {}};
    draft.retry = {};
    return std::nullopt;
}

Check note_packed_evidence(Job& draft, const EvidencePacked& event) {
    if (Check refused = require_lease(draft, event.lease)) return refused;
    EvidenceProgress& evidence = draft.evidence;
    if (!evidence.block_hash) return contradicts_record("no segments are drawn");
    if (*evidence.block_hash != event.block_hash) {
        return contradicts_record(sentence("it is for the draw of block ", short_hex(event.block_hash), ", not of ",
                                           short_hex(*evidence.block_hash)));
    }
    if (evidence.file == event.file) return already_known("the evidence is on record");
    if (!evidence.upload.upload_id.empty()) {
        return contradicts_record(sentence("other evidence is being uploaded as ", evidence.upload.file_name));
    }
    if (event.file.bytes == 0) return contradicts_record("it is empty");
    evidence.file = event.file;
    draft.retry = {};
    return std::nullopt;
}

std::optional<Command> command_of_evidence(const Job& job) {
    if (!job.evidence.block_hash) return Command::await_draw;
    if (!job.evidence.file) return Command::pack_evidence;
    return command_of_upload(job.evidence.upload);
}

}  // namespace emeth::statemachine
