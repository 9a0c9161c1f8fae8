// Reports from the worker: each durable step of its trainer, which the master records, and its failures.
#include <utility>

#include "node/pipeline/leased_worker.hpp"
#include "runtime/failpoint.hpp"
#include "statemachine/transition.hpp"

namespace emeth::node {

namespace sm = statemachine;
namespace wp = worker_protocol;

Task<Result<void>> LeasedWorker::handle_news(WorkerNews news) {
    // From an earlier lease: the hub tells that worker to stop.
    if (news.lease != job().lease.number) co_return Result<void>{};
    if (std::holds_alternative<WorkerConnected>(news.body)) co_return co_await handle_connection(true, "");
    if (const auto* gone = std::get_if<WorkerDisconnected>(&news.body))
        co_return co_await handle_connection(false, gone->reason);
    co_return co_await handle_report(std::move(news));
}

/// A report is acknowledged once it is durable, even if the state machine rejected it: it would be rejected the next
/// time, too.
Task<Result<void>> LeasedWorker::handle_report(WorkerNews news) {
    if (watch_) watch_->saw(std::get<wp::ReportBody>(news.body), ports_.clock.monotonic());
    Task<Result<void>> taking =
        std::visit([this](auto body) { return take(std::move(body)); }, std::get<wp::ReportBody>(std::move(news.body)));
    const Result<void> taken = co_await std::move(taking);
    if (job().retry.attempt == 0) {
        const std::uint32_t failures = co_await ports_.journal.failures();
        if (failures == 0) {
            ports_.takeover.note_progress();
            ports_.upload.note_progress();
        }
    }
    if (taken.has_error() || news.report_id == 0) co_return taken;
    failpoint::before("acknowledge", "report");
    co_await ports_.workers.acknowledge(job().terms.id, news.report_id);
    failpoint::after("acknowledge", "report");
    co_return Result<void>{};
}

/// A dataset that differs from the one on record was damaged in transit: the files are discarded
/// and a new lease begins.
Task<Result<void>> LeasedWorker::take(wp::DatasetReady ready) {
    Fact fact = sm::DatasetReady{job().lease.number, ready.sha256, ready.bytes, ready.tokens, ready.steps_total};
    const Result<bool> accepted = co_await ports_.journal.report(std::move(fact));
    if (accepted.has_error()) co_return accepted.error();
    if (*accepted) ports_.takeover.saw_dataset_bytes(job().terms.dataset_bytes);
    if (*accepted || ports_.journal.last_rejection()->kind != sm::RejectionKind::contradicts_record)
        co_return Result<void>{};
    const auto reason = ports_.journal.last_rejection()->reason;
    const Result<void> revoked = co_await revoke(reason, true);
    if (revoked.has_error()) co_return revoked;
    co_return transient_error(reason);
}

/// A trainer that starts at step 0 with no checkpoint on record needs no report.
Task<Result<void>> LeasedWorker::take(wp::TrainingStarted started) {
    if (started.step == 0 && !job().training.checkpoint) co_return Result<void>{};
    Fact resumed = sm::TrainingResumed{job().lease.number, started.step, std::move(started.reason)};
    co_return co_await ports_.journal.note(std::move(resumed));
}

Task<Result<void>> LeasedWorker::take(wp::CheckpointSaved saved) {
    Fact fact = sm::CheckpointSaved{job().lease.number, saved.checkpoint};
    const Result<bool> accepted = co_await ports_.journal.report(std::move(fact));
    if (accepted.has_error()) co_return accepted.error();
    if (*accepted) ports_.takeover.note_checkpoint();
    co_return Result<void>{};
}

Task<Result<void>> LeasedWorker::take(wp::Trained trained) {
    Fact finished = sm::TrainingFinished{job().lease.number, std::move(trained.artifact)};
    const Result<void> noted = co_await ports_.journal.note(std::move(finished));
    if (noted.has_value()) set_team();
    co_return noted;
}

Task<Result<void>> LeasedWorker::take(wp::PartUploaded part) {
    const std::string upload = part.upload_id;
    const std::uint32_t number = part.part;
    const Result<void> taken = co_await ports_.upload.take(std::move(part));
    const sm::UploadProgress& in_hand = sm::upload_in_hand(job());
    const bool counts = in_hand.upload_id == upload && in_hand.etags.contains(number);
    if (watch_ && counts) watch_->saw_part(upload, number, ports_.clock.monotonic());
    co_return taken;
}

Task<Result<void>> LeasedWorker::take(wp::EvidencePacked packed) {
    Fact fact = sm::EvidencePacked{job().lease.number, packed.block_hash, packed.file};
    co_return co_await ports_.journal.note(std::move(fact));
}

Task<Result<void>> LeasedWorker::take(wp::Progress progress) {
    auto rendezvous = std::exchange(progress.rendezvous, std::nullopt);  // holds a token, which must not be displayed
    ports_.progress.put(job().terms.id, std::move(progress), ports_.clock.monotonic());
    ports_.helpers.set_rendezvous(std::move(rendezvous));
    co_return Result<void>{};
}

/// The worker continues by itself or waits for a fresh order; in the latter case the back-off is ours. If it can never
/// put the parts because its files are gone, a new lease begins, which includes an order to train.
Task<Result<void>> LeasedWorker::take(wp::StepFailed failed) {
    const bool artifact_is_gone =
        failed.permanent && job().state == sm::State::training && sm::next_command(job()) == sm::Command::upload_parts;
    if (artifact_is_gone) co_return co_await revoke(std::move(failed.message), false);
    const bool hopeless = failed.permanent && failed.step == "train" && may_be_replaced() && !job().upload.completed;
    if (hopeless)
        ports_.takeover.note_hopeless();
    else if (failed.service_failed)
        ports_.takeover.note_service_failure();
    else
        ports_.takeover.note_failure();
    const std::uint32_t attempt = co_await ports_.journal.failures() + 1;
    const auto wait = failed.needs_order ? ports_.retry.after_worker_failure(attempt) : Milliseconds::zero();
    Fact fact = sm::StepFailed{hopeless ? sm::FailureClass::permanent : sm::FailureClass::transient, failed.step,
                               failed.message, attempt, ports_.clock.unix_ms() + wait.count()};
    const Result<void> noted = co_await ports_.journal.note(std::move(fact));
    if (noted.has_error()) co_return noted;
    if (hopeless) co_return co_await end_hopeless_lease(std::move(failed.message));
    if (failed.step == "download") co_await look_at_dataset();
    const Result<bool> taken = co_await take_from_failing();
    if (taken.has_error()) co_return taken.error();
    if (*taken) co_return noted;
    if (!failed.needs_order) co_return noted;
    ports_.orders.forget();  // missing parts are ordered again
    // A Storage API that cannot serve now says nothing about the upload.
    if (!failed.service_failed) ports_.upload.note_failure(failed.url_refused, ports_.takeover.failures());
    co_return Result<void>{};
}

/// The next lease fetches the dataset anew, unless that would cost a checkpoint, and goes to another worker if one is
/// idle.
Task<Result<void>> LeasedWorker::end_hopeless_lease(std::string reason) {
    const auto held = job().lease;
    const bool keeps_files = job().training.checkpoint.has_value();
    std::string sentence = fmt::format("its trainer says that the JOB cannot be trained: {}", reason);
    const Result<void> revoked = co_await revoke(std::move(sentence), !keeps_files);
    if (revoked.has_error()) co_return revoked;
    ports_.takeover.note_hopeless_lease(held.number, held.worker, std::move(reason));
    co_return Result<void>{};
}

/// A worker whose line cuts the dataset short is not believed: what counts is the size that the Storage API states.
Task<> LeasedWorker::look_at_dataset() {
    const Result<std::uint64_t> bytes = co_await ports_.artifacts.dataset_bytes(job().terms.dataset);
    if (bytes.has_value()) ports_.takeover.saw_dataset_bytes(*bytes);
}

}  // namespace emeth::node
