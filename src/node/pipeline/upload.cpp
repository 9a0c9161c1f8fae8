// training, after the last step: the master opens one upload per lease and alone completes it; the worker puts the parts.
#include <fmt/format.h>

#include <utility>

#include "node/pipeline/pipeline.hpp"
#include "runtime/failpoint.hpp"

namespace emeth::node {
namespace {

namespace sm = statemachine;

const std::string artifact_extension = ".tar";

}  // namespace

Task<Result<void>> Pipeline::open_upload() {
    const auto parts = api_client::parts_of(job().training.artifact->bytes);
    failpoint::before("storage", "open_upload");
    Result<api_client::OpenedUpload> opened = co_await ports_.artifacts.open_upload(id(), job().training.artifact->bytes, artifact_extension);
    if (opened.has_error()) co_return opened.error();
    failpoint::after("storage", "open_upload");
    if (opened->urls.size() != parts) co_return transient_error(fmt::format("the Storage API gave {} URLs for {} parts", opened->urls.size(), parts));
    Fact fact = sm::UploadOpened{job().lease.number, opened->upload_id, opened->file_name, parts};
    const Result<void> committed = co_await journal_.commit(std::move(fact));
    if (committed.has_error()) co_return committed;
    link_.forget_upload();
    link_.upload_id = opened->upload_id;
    for (std::uint32_t part = 1; part <= parts; ++part) link_.urls[part] = std::move(opened->urls[part - 1]);
    co_return Result<void>{};
}

/// The next missing parts, as many as one order holds. Without the signed URLs at hand (the master was restarted, or they expired) the upload is opened anew.
Task<Result<void>> Pipeline::order_upload() {
    if (link_.upload_id != job().upload.upload_id) co_return co_await abort_upload("its signed URLs are not at hand any more");
    worker_protocol::Upload order{id(), job().lease.number, job().training.artifact->sha256, {}, link_.upload_id};
    for (const auto& [part, url] : link_.urls) {
        if (order.urls.size() == worker_protocol::upload_urls_max) break;
        if (!job().upload.etags.contains(part)) order.urls.emplace(part, url);
    }
    for (const auto& [part, url] : order.urls) link_.ordered_parts.insert(part);
    failpoint::before("order", "upload");
    co_await ports_.workers.order(std::move(order));
    failpoint::after("order", "upload");
    co_return Result<void>{};
}

/// A late report of an upload that was given up says nothing of the open one.
Task<Result<void>> Pipeline::take(worker_protocol::PartUploaded part) {
    if (part.upload_id != job().upload.upload_id) co_return Result<void>{};
    Fact fact = sm::PartUploaded{job().lease.number, part.part, std::move(part.etag)};
    const Result<void> noted = co_await note(std::move(fact));
    if (noted.has_value()) link_.ordered_parts.erase(part.part);
    co_return noted;
}

/// What the Storage API says for ever of this upload (a part is missing, other bytes lie there) is answered by a new upload.
Task<Result<void>> Pipeline::complete_upload() {
    const auto upload = job().upload;
    Result<void> completed = co_await check_upload();
    failpoint::before("storage", "complete_upload");
    if (completed.has_value()) completed = co_await ports_.artifacts.complete_upload(id(), upload.upload_id, upload.etags, artifact_extension);
    if (completed.has_error()) {
        if (completed.error().kind != ErrorKind::permanent) co_return completed;
        const Result<void> aborted = co_await abort_upload(completed.error().message);
        if (aborted.has_error()) co_return aborted;
        co_return transient_error(completed.error().message);
    }
    failpoint::after("storage", "complete_upload");
    Fact fact = sm::UploadCompleted{upload.file_name};
    const Result<void> committed = co_await journal_.commit(std::move(fact));
    if (committed.has_error()) co_return committed;
    ports_.workers.lease_fulfilled(job().lease.worker);
    release_worker(false, "the result is uploaded");  // free for the next JOB; it keeps the files until the verdict
    co_return Result<void>{};
}

/// What the Storage API holds must be what the worker of the current lease reported: it alone knows what it trained.
Task<Result<void>> Pipeline::check_upload() {
    const auto state = co_await ports_.artifacts.upload_state(id(), job().upload.upload_id);
    if (state.has_error()) co_return state.error();
    const auto& artifact = *job().training.artifact;
    if (state->bytes == artifact.bytes && state->sha256 == artifact.sha256) co_return Result<void>{};
    co_return permanent_error(fmt::format("the Storage API holds {} bytes with sha256 {}, the worker reported {} bytes with {}", state->bytes, state->sha256.hex(), artifact.bytes,
                                          artifact.sha256.hex()));
}

Task<Result<void>> Pipeline::abort_upload(std::string reason) {
    link_.forget_upload();
    Fact aborted = sm::UploadAborted{std::move(reason)};
    co_return co_await journal_.commit(std::move(aborted));
}

}  // namespace emeth::node
