#include <fmt/format.h>

#include <algorithm>
#include <type_traits>
#include <utility>

#include "runtime/failpoint.hpp"
#include "runtime/subject_log.hpp"
#include "runtime/with_timeout.hpp"
#include "worker/job_runner.hpp"
#include "worker/power_sources.hpp"

namespace emeth::worker {

namespace messages = trainer_protocol;

namespace {

/// How long a trainer trains alone for each time that one failed in company, and at most.
constexpr Milliseconds alone_after_failure{120'000}, alone_max{3'600'000};

std::uint64_t size_or_zero(const std::filesystem::path& file) {
    std::error_code error;
    const auto bytes = std::filesystem::file_size(file, error);
    return error ? 0 : bytes;
}

std::string started_text(const std::string& reason, std::uint64_t step) {
    return step == 0 ? reason : fmt::format("{}; continuing from step {}", reason, step);
}

worker_protocol::Progress forwarded(const messages::Progress& progress) {
    worker_protocol::Progress result;
    result.stage = progress.stage;
    result.epoch = progress.epoch;
    result.step = progress.step;
    result.steps_total = progress.steps_total;
    result.loss = progress.loss;
    result.tokens_per_s = progress.tokens_per_s;
    result.workers = progress.workers;
    return result;
}

}  // namespace

Task<Result<void>> JobRunner::train() {
    std::string reason = job_.dataset ? "the work was resumed" : "training began";
    std::uint32_t failures = 0;  // in a row, without a step in between
    while (!job_.artifact) {
        PowerMeter power(power_sources(context_.settings, folder()), context_.pool, context_.clock);
        Task<Result<void>> work = run_trainer(reason);
        Task<Result<void>> measured = power.during(std::move(work));
        const auto end = co_await std::move(measured);
        note_power(power);
        if (end.has_value()) break;
        if (end.error().kind == ErrorKind::permanent) co_return end;
        failures = watch_ && watch_->advanced() ? 1 : failures + 1;
        if (std::exchange(workers_, 1) > 1) ++failures_in_company_;
        reason = end.error().message;
        const Milliseconds wait = backoff(failures, context_.settings.trainer_restart, context_.random.unit());
        log_of(job_.spec.id).warn("{}; restarting the trainer in {} ms", reason, wait.count());
        // A single death is reported by the TrainingStarted that follows; a trainer that dies again before
        // its next step is a failing step.
        if (failures > 1) report_failure("train", end.error(), false, false);
        co_await context_.clock.sleep(wait);
    }
    co_return Result<void>{};
}

Task<Result<void>> JobRunner::run_trainer(std::string reason) {
    watch_.emplace(context_.settings.limits, context_.clock.monotonic());
    speed_ = {};
    if (!job_.helping) rendezvous_.reset();
    messages::Request request = request_of_trainer();
    Task<Result<messages::TrainerChild>> start =
        messages::TrainerChild::start(context_.settings.trainer, std::move(request), folder() / "trainer.log");
    failpoint::before("start", "trainer");
    auto child = co_await std::move(start);
    failpoint::after("start", "trainer");
    if (child.has_error())
        co_return transient_error(child.error().message);  // a missing program may still be installed
    log_of(job_.spec.id).info("trainer runs as process {}", child->pid());
    for (;;) {
        const auto report = co_await next_report(*child);
        if (report.has_error()) co_return report.error();
        watch_->saw(*report, context_.clock.monotonic());
        report_training(*report, reason);
        Result<void> recorded;
        if (const auto* opened = std::get_if<messages::RendezvousOpened>(&*report)) rendezvous_ = opened->rendezvous;
        if (std::holds_alternative<messages::Helped>(*report)) co_return Result<void>{};
        if (const auto* facts = std::get_if<messages::Prepared>(&*report))
            recorded = co_await record_dataset_facts(*facts);
        if (const auto* failed = std::get_if<messages::Failed>(&*report))
            recorded = failed->permanent ? input_error(failed->message) : transient_error(failed->message);
        if (std::holds_alternative<messages::Checked>(*report) || std::holds_alternative<messages::Calibrated>(*report))
            recorded = transient_error("the trainer answered another request; its version does not match");
        if (recorded.has_error()) co_return recorded;
        if (const auto* trained = std::get_if<messages::Trained>(&*report))
            co_return co_await record_artifact(*trained);
    }
}

messages::Request JobRunner::request_of_trainer() const {
    const WorkerSettings& settings = context_.settings;
    messages::TrainRequest request{job_.spec, folder(), *job_.dataset_sha256, settings.compute};
    if (!job_.helping && !cooperative_) return request;
    request.cooperation = settings.cooperation;
    if (job_.helping) return messages::HelpRequest{std::move(request), *rendezvous_};
    // Whatever ended it might not have happened without helpers, so they are let in again only once training alone has
    // lasted for a while.
    request.cooperation->opens_after_ms = static_cast<std::uint32_t>(
        std::min<std::int64_t>(alone_max.count(), failures_in_company_ * alone_after_failure.count()));
    return request;
}

/// Helps until the leader has finished. A trainer that fails is restarted by the next order; orders keep
/// coming while the leader trains.
Task<Result<void>> JobRunner::help() {
    const auto helped = co_await run_trainer("");
    if (helped.has_value()) log_of(job_.spec.id).info("its leader has trained to the end");
    co_return helped;
}

Task<Result<messages::TrainerReport>> JobRunner::next_report(messages::TrainerChild& child) {
    const Milliseconds remaining = watch_->remaining(context_.clock.monotonic());
    Task<Result<messages::TrainerReport>> next = child.next();
    Task<Result<messages::TrainerReport>> bounded =
        with_timeout(context_.clock, std::move(next), remaining, "the trainer");
    auto report = co_await std::move(bounded);
    const bool stalled = watch_->remaining(context_.clock.monotonic()) == Milliseconds(0);
    if (report.has_error() && stalled) co_return transient_error(watch_->complaint());
    co_return report;
}

void JobRunner::report_training(const messages::TrainerReport& report_of_child, const std::string& reason) {
    if (const auto* started = std::get_if<messages::Started>(&report_of_child)) {
        const std::string text = started_text(reason, started->step);
        log_of(job_.spec.id).info("{}", text);
        report(worker_protocol::TrainingStarted{started->step, text});
    }
    if (const auto* saved = std::get_if<messages::CheckpointSaved>(&report_of_child))
        report(worker_protocol::CheckpointSaved{saved->checkpoint});
    if (const auto* progress = std::get_if<messages::Progress>(&report_of_child)) {
        workers_ = progress->workers;
        speed_.saw(*progress, context_.clock.monotonic());
        worker_protocol::Progress told = forwarded(*progress);
        told.rendezvous = rendezvous_;
        report_progress(std::move(told));
    }
}

void JobRunner::note_speed() {
    const auto steps_per_s = speed_.steps_per_s();
    if (!steps_per_s || !job_.dataset || job_.dataset->steps_total == 0) return;
    const double tokens = static_cast<double>(job_.dataset->tokens) * job_.spec.epochs;
    context_.self_test.saw_speed(job_.spec.model,
                                 *steps_per_s * tokens / static_cast<double>(job_.dataset->steps_total));
}

/// Of the whole time that the trainer ran, as the finish estimate is.
void JobRunner::note_power(const PowerMeter& power) {
    if (power.measured() < SpeedMeter::shortest) return;
    if (const auto watts = power.watts()) context_.self_test.saw_power(*watts);
}

Task<Result<void>> JobRunner::record_dataset_facts(messages::Prepared facts) {
    if (job_.dataset && job_.dataset->tokens == facts.tokens && job_.dataset->steps_total == facts.steps_total)
        co_return Result<void>{};
    job_.dataset = DatasetFacts{facts.tokens, facts.steps_total, false};
    auto saved = co_await context_.folders.save(job_.spec.id);
    if (saved.has_error()) {
        job_.dataset.reset();
        co_return saved;
    }
    report(worker_protocol::DatasetReady{*job_.dataset_sha256, job_.dataset_bytes, facts.tokens, facts.steps_total});
    co_return Result<void>{};
}

Task<Result<void>> JobRunner::record_artifact(messages::Trained trained) {
    const std::uint64_t bytes = size_or_zero(folder() / "artifact.tar");
    const statemachine::Artifact artifact = std::move(trained.artifact);
    if (bytes != artifact.bytes)
        co_return transient_error(fmt::format("the trainer announced an artifact of {} bytes, but artifact.tar has {}",
                                              artifact.bytes, bytes));
    job_.artifact = ArtifactFacts{artifact, false};
    artifact_checked_ = false;
    auto saved = co_await context_.folders.save(job_.spec.id);
    if (saved.has_error()) {
        job_.artifact.reset();
        co_return saved;
    }
    note_speed();
    log_of(job_.spec.id).info("trained {} steps, artifact of {} bytes", artifact.steps, artifact.bytes);
    report(worker_protocol::Trained{artifact});
    co_return Result<void>{};
}

}  // namespace emeth::worker
