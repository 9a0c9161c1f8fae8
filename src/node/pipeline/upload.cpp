// training, after the last step: the master opens one upload per lease and alone completes it; the worker puts the
// parts. In `submitted` the evidence goes the same way.
#include <fmt/format.h>

#include <utility>

#include "node/pipeline/pipeline.hpp"
#include "runtime/failpoint.hpp"
#include "statemachine/upload_parts.hpp"

namespace emeth::node {

namespace sm = statemachine;

Pipeline::UploadSubject Pipeline::upload_subject() const {
    if (job().state == sm::State::submitted)
        return {*job().evidence.file, ".evidence", "open_evidence", "complete_evidence", "the evidence is uploaded"};
    const auto& artifact = *job().training.artifact;
    return {{artifact.sha256, artifact.bytes}, ".tar", "open_upload", "complete_upload", "the result is uploaded"};
}

Task<Result<void>> Pipeline::open_upload() {
    const UploadSubject subject = upload_subject();
    const auto parts = upload_parts_of(subject.file.bytes);
    failpoint::before("storage", subject.open);
    Result<api_client::OpenedUpload> opened =
        co_await ports_.artifacts.open_upload(id(), subject.file.bytes, subject.extension);
    if (opened.has_error()) co_return opened.error();
    failpoint::after("storage", subject.open);
    if (opened->urls.size() != parts)
        co_return transient_error(fmt::format("the Storage API gave {} URLs for {} parts", opened->urls.size(), parts));
    Fact fact = sm::UploadOpened{job().lease.number, opened->upload_id, opened->file_name, parts};
    const Result<void> committed = co_await journal_.commit(std::move(fact));
    if (committed.has_error()) co_return committed;
    link_.forget_upload();
    link_.upload_id = opened->upload_id;
    for (std::uint32_t part = 1; part <= parts; ++part) link_.urls[part] = std::move(opened->urls[part - 1]);
    co_return Result<void>{};
}

/// Those of the next missing parts, as many as one order holds.
std::map<std::uint32_t, std::string> Pipeline::next_urls() const {
    std::map<std::uint32_t, std::string> next;
    for (const auto& [part, url] : link_.urls) {
        if (next.size() == worker_protocol::upload_urls_max) break;
        if (!upload_in_hand(job()).etags.contains(part)) next.emplace(part, url);
    }
    return next;
}

/// Without the signed URLs at hand (the master was restarted, or they expired) the upload is opened anew.
Task<Result<void>> Pipeline::order_upload() {
    if (link_.upload_id != upload_in_hand(job()).upload_id)
        co_return co_await abort_upload("its signed URLs are not at hand any more");
    if (job().state == sm::State::submitted) co_return co_await order_evidence();
    worker_protocol::Upload order{id(), job().lease.number, job().training.artifact->sha256, next_urls(),
                                  link_.upload_id};
    for (const auto& [part, url] : order.urls) link_.ordered_parts.insert(part);
    failpoint::before("order", "upload");
    co_await ports_.workers.order(std::move(order));
    failpoint::after("order", "upload");
    co_return Result<void>{};
}

/// A late report of an upload that was given up says nothing of the open one.
Task<Result<void>> Pipeline::take(worker_protocol::PartUploaded part) {
    if (part.upload_id != upload_in_hand(job()).upload_id) co_return Result<void>{};
    Fact fact = sm::PartUploaded{job().lease.number, part.part, std::move(part.etag)};
    const Result<void> noted = co_await note(std::move(fact));
    if (noted.has_value()) link_.ordered_parts.erase(part.part);
    co_return noted;
}

/// What the Storage API says for ever of this upload (a part is missing, other bytes lie there) is answered by a new
/// upload.
Task<Result<void>> Pipeline::complete_upload() {
    const UploadSubject subject = upload_subject();
    const auto upload = upload_in_hand(job());
    Result<void> completed = co_await check_upload();
    failpoint::before("storage", subject.complete);
    if (completed.has_value())
        completed = co_await ports_.artifacts.complete_upload(id(), upload.upload_id, upload.etags, subject.extension);
    if (completed.has_error()) {
        if (completed.error().kind != ErrorKind::permanent) co_return completed;
        const Result<void> aborted = co_await abort_upload(completed.error().message);
        if (aborted.has_error()) co_return aborted;
        co_return transient_error(completed.error().message);
    }
    failpoint::after("storage", subject.complete);
    Fact fact = sm::UploadCompleted{upload.file_name};
    const Result<void> committed = co_await journal_.commit(std::move(fact));
    if (committed.has_error()) co_return committed;
    if (job().state == sm::State::training) ports_.workers.lease_fulfilled(job().lease.worker);
    release_worker(false, std::string(subject.done));  // free for the next JOB; it keeps the files until the verdict
    co_return Result<void>{};
}

/// What the Storage API holds must be what the worker of the current lease reported: it alone knows what it made.
Task<Result<void>> Pipeline::check_upload() {
    const auto state = co_await ports_.artifacts.upload_state(id(), upload_in_hand(job()).upload_id);
    if (state.has_error()) co_return state.error();
    const sm::EvidenceFile file = upload_subject().file;
    if (state->bytes == file.bytes && state->sha256 == file.sha256) co_return Result<void>{};
    co_return permanent_error(
        fmt::format("the Storage API holds {} bytes with sha256 {}, the worker reported {} bytes with {}", state->bytes,
                    state->sha256.hex(), file.bytes, file.sha256.hex()));
}

Task<Result<void>> Pipeline::abort_upload(std::string reason) {
    link_.forget_upload();
    Fact aborted = sm::UploadAborted{std::move(reason)};
    co_return co_await journal_.commit(std::move(aborted));
}

}  // namespace emeth::node
