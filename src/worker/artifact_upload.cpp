#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "crypto/sha256.hpp"
#include "runtime/subject_log.hpp"
#include "runtime/task_group.hpp"
#include "worker/job_runner.hpp"

namespace emeth::worker {
namespace {

constexpr std::size_t parts_at_once = 2;
/// Attempts to put one part before the master is told that the upload failed.
constexpr std::uint32_t put_attempts_max = 4;

}  // namespace

void JobRunner::upload(worker_protocol::Upload order) {
    upload_ = std::move(order);
    ordered_.notify();
}

Task<> JobRunner::serve_uploads() {
    for (;;) {
        while (upload_.urls.empty()) co_await ordered_.wait();
        if (upload_.lease != job_.lease) {
            upload_.urls.clear();  // they belong to a lease that has been revoked
            continue;
        }
        if (!order_fits()) {
            abandon_upload(
                transient_error(fmt::format("the order is for artifact {}, but this worker has artifact {}",
                                            upload_.artifact_sha256.hex(), job_.artifact->artifact.sha256.hex())));
            continue;
        }
        const auto whole = co_await check_artifact();
        if (whole.has_error()) co_return co_await remake_artifact(whole.error());
        upload_error_.reset();
        TaskGroup group(executor_, parts_at_once);
        for (std::size_t index = 0; index < parts_at_once; ++index) group.start(put_parts());
        co_await group.join();
        if (upload_error_) abandon_upload(*upload_error_);
    }
}

/// False once an order for another lease or artifact has come in while parts were being put.
bool JobRunner::order_fits() const {
    return upload_.lease == job_.lease && upload_.artifact_sha256 == job_.artifact->artifact.sha256;
}

void JobRunner::abandon_upload(const Error& error) {
    upload_.urls.clear();
    log_of(job_.spec.id).warn("the upload failed: {}; waiting for the master's next order", error.message);
    // Only a permanent failure is blamed on the URL; a transient one says nothing about it.
    report(worker_protocol::StepFailed{"upload", false, error.message, true, error.kind == ErrorKind::permanent,
                                       error.fault == Fault::service});
}

/// Keeps the order: the parts are put once the artifact has been made again.
Task<> JobRunner::remake_artifact(Error reason) {
    report_failure("upload", reason, false, false);
    job_.artifact.reset();
    const auto saved = co_await context_.folders.save(job_.spec.id);
    if (saved.has_error()) log_of(job_.spec.id).warn("{}", saved.error().message);
}

/// What is uploaded must be what was reported, so size and digest are checked again, once per process.
Task<Result<void>> JobRunner::check_artifact() {
    if (artifact_checked_) co_return Result<void>{};
    const std::filesystem::path file = folder() / "artifact.tar";
    const statemachine::Artifact expected = job_.artifact->artifact;
    std::error_code error;
    const std::uint64_t bytes = std::filesystem::file_size(file, error);
    if (error || bytes != expected.bytes)
        co_return transient_error(
            fmt::format("artifact.tar no longer has {} bytes; it will be made again", expected.bytes));
    auto hash = [file] { return crypto::sha256_of_file(file); };
    const auto digest = co_await context_.pool.run(std::move(hash));
    if (digest.has_error()) co_return digest.error();
    if (*digest != expected.sha256)
        co_return transient_error(fmt::format("artifact.tar has the digest {} instead of {}; it will be made again",
                                              digest->hex(), expected.sha256.hex()));
    artifact_checked_ = true;
    co_return Result<void>{};
}

/// One of parts_at_once coroutines that share the parts; the first failure stops all of them.
Task<> JobRunner::put_parts() {
    while (!upload_.urls.empty() && !upload_error_ && order_fits()) {
        auto next = upload_.urls.extract(upload_.urls.begin());
        const std::string upload_id = upload_.upload_id;
        const auto etag = co_await put_patiently(next.key(), std::move(next.mapped()));
        if (etag.has_error())
            upload_error_ = etag.error();
        else
            report(worker_protocol::PartUploaded{next.key(), *etag, upload_id});
    }
}

/// Retries what may succeed in a moment, so that the master need not be asked for fresh URLs.
Task<Result<std::string>> JobRunner::put_patiently(std::uint32_t part, std::string url) {
    const http::PartPorts ports{context_.pool, context_.doubted_etags};
    const http::PartSource source{folder() / "artifact.tar", job_.artifact->artifact.bytes, "put_part"};
    for (std::uint32_t attempt = 1;; ++attempt) {
        const auto etag = co_await http::put_part(ports, source, part, url, context_.settings.limits.wait_data);
        const bool may_pass = etag.has_error() && etag.error().kind != ErrorKind::permanent;
        if (!may_pass || attempt == put_attempts_max || upload_error_ || !order_fits()) co_return etag;
        log_of(job_.spec.id).warn("{}; will retry", etag.error().message);
        co_await context_.clock.sleep(backoff(attempt, context_.settings.part_retry, context_.random.unit()));
    }
}

}  // namespace emeth::worker
