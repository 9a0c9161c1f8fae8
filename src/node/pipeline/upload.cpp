#include "node/pipeline/upload.hpp"

#include <fmt/format.h>

#include <utility>

#include "runtime/failpoint.hpp"
#include "runtime/subject_log.hpp"
#include "statemachine/delivery.hpp"
#include "statemachine/upload_parts.hpp"

namespace emeth::node {
namespace {

namespace sm = statemachine;

constexpr std::uint32_t refusals_max = 2, failures_max = 10;

}  // namespace

Delivered delivered_by(const sm::Job& job) {
    switch (sm::delivery_of(job.state)) {
        case sm::Delivery::evidence:
            return {*job.evidence.file, std::string(api_client::evidence_extension), "open_evidence",
                    "complete_evidence", "the evidence is uploaded"};
        case sm::Delivery::artifact:
        case sm::Delivery::nothing:
            break;
    }
    const auto& artifact = *job.training.artifact;
    return {{artifact.sha256, artifact.bytes},
            std::string(api_client::result_extension),
            "open_upload",
            "complete_upload",
            "the result is uploaded"};
}

Task<Result<api_client::OpenedUpload>> Upload::ask(std::optional<std::string> upload_id) {
    const Delivered delivered = delivered_by(journal_.job());
    const std::uint32_t parts = upload_parts_of(delivered.file.bytes);
    failpoint::before("storage", delivered.open);
    auto asking = artifacts_.open_upload(journal_.id(), delivered.file, delivered.extension, std::move(upload_id));
    Result<api_client::OpenedUpload> opened = co_await std::move(asking);
    if (opened.has_error()) co_return opened;
    failpoint::after("storage", delivered.open);
    if (opened->urls.size() != parts)
        co_return transient_error(fmt::format("the Storage API gave {} URLs for {} parts", opened->urls.size(), parts));
    // What is submitted under the digest of another file fails the check, whatever was trained.
    const auto named = api_client::digest_in(opened->file_name, journal_.id(), delivered.extension);
    if (named && *named != delivered.file.sha256)
        co_return transient_error(fmt::format("the Storage API names a file with sha256 {} by {}",
                                              delivered.file.sha256.hex(), opened->file_name));
    if (!named && delivered.extension == api_client::result_extension)
        journal_.log().warn(
            "the Storage API gives a name without a digest, so that a verifier can only go by the time at "
            "which the result was stored");
    co_return opened;
}

Task<Result<void>> Upload::open() {
    auto asking = ask(std::nullopt);
    Result<api_client::OpenedUpload> opened = co_await std::move(asking);
    if (opened.has_error()) co_return opened.error();
    auto beginning = begin(*std::move(opened));
    co_return co_await std::move(beginning);
}

Task<Result<void>> Upload::begin(api_client::OpenedUpload opened) {
    const auto parts = static_cast<std::uint32_t>(opened.urls.size());
    Fact fact = sm::UploadOpened{journal_.job().lease.number, opened.upload_id, opened.file_name, parts};
    const Result<void> committed = co_await journal_.commit(std::move(fact));
    if (committed.has_error()) co_return committed;
    forget();
    take_urls(std::move(opened));
    co_return Result<void>{};
}

Task<Result<void>> Upload::fetch_urls() {
    if (is_hopeless_) {
        auto aborting = abort("new URLs have not helped");
        co_return co_await std::move(aborting);
    }
    const sm::UploadProgress open = sm::upload_in_hand(journal_.job());
    auto asking = ask(open.upload_id);
    Result<api_client::OpenedUpload> answer = co_await std::move(asking);
    if (answer.has_error()) {
        if (answer.error().kind != ErrorKind::permanent) co_return answer.error();
        auto aborting = abort(answer.error().message);
        co_return co_await std::move(aborting);
    }
    if (answer->upload_id == open.upload_id && answer->file_name == open.file_name) {
        journal_.log().info("the upload goes on: {} of {} parts are there", open.etags.size(), open.parts_total);
        take_urls(*std::move(answer));
        co_return Result<void>{};
    }
    auto aborting = abort("the Storage API gives no new URLs for it, and has opened another one");
    const Result<void> aborted = co_await std::move(aborting);
    if (aborted.has_error()) co_return aborted;
    auto beginning = begin(*std::move(answer));
    co_return co_await std::move(beginning);
}

void Upload::take_urls(api_client::OpenedUpload opened) {
    forget_urls();
    id_ = std::move(opened.upload_id);
    for (std::uint32_t index = 0; index < opened.urls.size(); ++index) urls_[index + 1] = std::move(opened.urls[index]);
}

bool Upload::urls_at_hand() const {
    return !id_.empty() && id_ == sm::upload_in_hand(journal_.job()).upload_id;
}

std::map<std::uint32_t, std::string> Upload::order_parts() {
    std::map<std::uint32_t, std::string> next;
    for (const auto& [part, url] : urls_) {
        if (next.size() == worker_protocol::upload_urls_max) break;
        if (sm::upload_in_hand(journal_.job()).etags.contains(part)) continue;
        next.emplace(part, url);
        ordered_.insert(part);
    }
    return next;
}

/// A late report on an abandoned upload says nothing about the open one.
Task<Result<void>> Upload::take(worker_protocol::PartUploaded part) {
    if (part.upload_id != sm::upload_in_hand(journal_.job()).upload_id) co_return Result<void>{};
    Fact fact = sm::PartUploaded{journal_.job().lease.number, part.part, std::move(part.etag)};
    const Result<void> noted = co_await journal_.note(std::move(fact));
    if (noted.has_value()) ordered_.erase(part.part);
    co_return noted;
}

Task<Result<void>> Upload::complete() {
    const Delivered delivered = delivered_by(journal_.job());
    const sm::UploadProgress upload = sm::upload_in_hand(journal_.job());
    Result<void> completed = co_await check();
    failpoint::before("storage", delivered.complete);
    if (completed.has_value())
        completed =
            co_await artifacts_.complete_upload(journal_.id(), upload.upload_id, upload.etags, delivered.extension);
    was_false_ = completed.has_error() && completed.error().kind == ErrorKind::permanent;
    if (completed.has_error()) {
        if (completed.error().kind != ErrorKind::permanent) co_return completed;
        const Result<void> aborted = co_await abort(completed.error().message);
        if (aborted.has_error()) co_return aborted;
        co_return transient_error(completed.error().message);
    }
    failpoint::after("storage", delivered.complete);
    Fact fact = sm::UploadCompleted{upload.file_name};
    co_return co_await journal_.commit(std::move(fact));
}

/// What the Storage API holds must match what the worker of the current lease reported: only that
/// worker knows what it made.
Task<Result<void>> Upload::check() {
    const auto state = co_await artifacts_.upload_state(journal_.id(), sm::upload_in_hand(journal_.job()).upload_id);
    if (state.has_error()) co_return state.error();
    if (!*state) {
        journal_.log().warn("the Storage API does not tell what it holds; the parts' ETags must do");
        co_return Result<void>{};
    }
    const sm::WorkerFile file = delivered_by(journal_.job()).file;
    // Where an object store takes the parts, their ETags, which the worker has checked, stand for the digest.
    const Hash256 sha256 = (*state)->sha256.value_or(file.sha256);
    if ((*state)->bytes == file.bytes && sha256 == file.sha256) co_return Result<void>{};
    co_return permanent_error(
        fmt::format("the Storage API holds {} bytes with sha256 {}, the worker reported {} bytes with {}",
                    (*state)->bytes, sha256.hex(), file.bytes, file.sha256.hex()));
}

Task<Result<void>> Upload::abort(std::string reason) {
    forget();
    Fact aborted = sm::UploadAborted{std::move(reason)};
    co_return co_await journal_.commit(std::move(aborted));
}

void Upload::forget() {
    refusals_ = 0;
    is_hopeless_ = false;
    forget_urls();
}

void Upload::forget_urls() {
    id_.clear();
    urls_.clear();
    ordered_.clear();
}

void Upload::note_failure(bool url_refused, std::uint32_t failures) {
    refusals_ = url_refused ? refusals_ + 1 : 0;
    is_hopeless_ = is_hopeless_ || refusals_ == 2 * refusals_max || failures % failures_max == 0;
    if (is_hopeless_ || refusals_ == refusals_max) forget_urls();
}

}  // namespace emeth::node
