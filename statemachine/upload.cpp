// The single multipart upload that the master opens for a lease: of the artifact while training,
// of the evidence in `submitted`.
#include "statemachine/handlers.hpp"
#include "statemachine/text.hpp"
#include "statemachine/upload_parts.hpp"

namespace emeth::statemachine {
namespace {

bool same_upload(const UploadProgress& known, const UploadOpened& event) {
    return known.upload_id == event.upload_id && known.file_name == event.file_name &&
           known.parts_total == event.parts_total;
}

Check open(UploadProgress& upload, const UploadOpened& event) {
    if (!upload.upload_id.empty()) {
        if (same_upload(upload, event)) return already_known("the upload is on record");
        return contradicts_record(sentence("an upload of ", upload.file_name, " is open"));
    }
    if (event.upload_id.empty() || event.file_name.empty()) return contradicts_record("it names no upload or no file");
    if (event.parts_total == 0 || event.parts_total > upload_parts_max) {
        return contradicts_record(sentence(event.parts_total, " parts: must be 1 to ", upload_parts_max));
    }
    upload = {event.upload_id, event.file_name, event.lease, event.parts_total, {}, false};
    return std::nullopt;
}

Check put(Job& draft, UploadProgress& upload, const PartUploaded& event) {
    if (Check refused = require_lease(draft, event.lease)) return refused;
    if (upload.upload_id.empty()) return contradicts_record("no upload is open");
    if (event.part == 0 || event.part > upload.parts_total) {
        return contradicts_record(sentence("part ", event.part, " of ", upload.parts_total));
    }
    if (event.etag.empty()) return contradicts_record(sentence("part ", event.part, " has no etag"));
    const auto known = upload.etags.find(event.part);
    if (known != upload.etags.end() && known->second == event.etag) {
        return already_known(sentence("part ", event.part, " is on record"));
    }
    if (upload.completed) return contradicts_record(sentence(upload.file_name, " is complete"));
    upload.etags.insert_or_assign(event.part, event.etag);  // a part may be uploaded more than once
    draft.retry = {};
    return std::nullopt;
}

Check abort(UploadProgress& upload) {
    if (upload.completed) return contradicts_record(sentence(upload.file_name, " is complete"));
    if (upload.upload_id.empty()) return already_known("no upload is open");
    upload = {};
    return std::nullopt;
}

Check complete(Job& draft, UploadProgress& upload, const UploadCompleted& event) {
    if (upload.upload_id.empty()) return contradicts_record("no upload is open");
    if (event.file_name != upload.file_name) {
        return contradicts_record(sentence(event.file_name, " is not the open upload ", upload.file_name));
    }
    if (upload.completed) return already_known(sentence(upload.file_name, " is complete"));
    if (upload.etags.size() != upload.parts_total) {
        return contradicts_record(
            sentence("only ", upload.etags.size(), " of ", upload.parts_total, " parts are uploaded"));
    }
    upload.completed = true;
    draft.retry = {};
    return std::nullopt;
}

}  // namespace

Check open_upload(Job& draft, const UploadOpened& event) {
    if (Check refused = require_lease(draft, event.lease)) return refused;
    if (!draft.training.artifact) return contradicts_record("there is no artifact to upload");
    return open(draft.upload, event);
}

Check put_part(Job& draft, const PartUploaded& event) {
    return put(draft, draft.upload, event);
}

Check abort_upload(Job& draft, const UploadAborted&) {
    return abort(draft.upload);
}

Check complete_upload(Job& draft, const UploadCompleted& event) {
    return complete(draft, draft.upload, event);
}

Check open_evidence_upload(Job& draft, const UploadOpened& event) {
    if (Check refused = require_lease(draft, event.lease)) return refused;
    if (!draft.evidence.file) return contradicts_record("there is no evidence to upload");
    return open(draft.evidence.upload, event);
}

Check put_evidence_part(Job& draft, const PartUploaded& event) {
    return put(draft, draft.evidence.upload, event);
}

Check abort_evidence_upload(Job& draft, const UploadAborted&) {
    return abort(draft.evidence.upload);
}

Check complete_evidence_upload(Job& draft, const UploadCompleted& event) {
    return complete(draft, draft.evidence.upload, event);
}

std::optional<Command> command_of_upload(const UploadProgress& upload) {
    if (upload.upload_id.empty()) return Command::open_upload;
    if (upload.etags.size() < upload.parts_total) return Command::upload_parts;
    if (!upload.completed) return Command::complete_upload;
    return std::nullopt;
}

}  // namespace emeth::statemachine
