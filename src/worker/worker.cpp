#include "worker/worker.hpp"

#include <fmt/format.h>

#include <boost/asio/cancellation_state.hpp>
#include <exception>
#include <utility>

#include "runtime/log.hpp"
#include "runtime/service_manager.hpp"
#include "runtime/subject_log.hpp"

namespace emeth::worker {

Worker::Worker(const asio::any_io_executor& executor, const WorkerSettings& settings, const crypto::PrivateKey& key,
               BlockingPool& pool, Clock& clock, Random& random)
    : executor_(executor),
      settings_(settings),
      folders_(executor, settings.data / "jobs", pool),
      reports_(executor, random),
      self_test_({settings, folders_, reports_, pool, clock, random}),
      context_{settings, folders_, reports_, pool, clock, random, self_test_, doubted_etags_},
      evidence_(executor, context_),
      session_(settings, key, reports_, *this, clock, random),
      work_(executor, 1),
      activity_changed_(executor),
      activity_ended_(executor) {}

Task<Result<void>> Worker::run() {
    const auto loaded = folders_.load();
    if (loaded.has_error()) co_return loaded;
    spdlog::info("worker keeps the files of {} JOBs in {}", folders_.held().size(), settings_.data.string());
    for (const worker_protocol::HeldLease& lease : folders_.held()) report_what_is_due(*folders_.find(lease.job));
    TaskGroup group(executor_, 5);
    group.start(session_.run());
    group.start(work());
    group.start(evidence_.run());
    group.start(self_test_.run());
    group.start(keep_service_manager_informed(context_.clock));
    std::exception_ptr end;
    try {
        co_await group.join();
    } catch (...) {
        end = std::current_exception();
    }
    // A cancelled worker, too, waits for its trainer to end.
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    work_.cancel();
    co_await work_.join();
    if (end) std::rethrow_exception(end);
    co_return Result<void>{};
}

Task<> Worker::work() {
    for (;;) {
        while (!activity_) co_await activity_changed_.wait();
        co_await work_.join();
        activity_.reset();
        activity_ended_.notify();
    }
}

Task<> Worker::halt(JobId job) {
    co_await evidence_.halt(job);
    if (!activity_ || activity_->job != job) co_return;
    work_.cancel();
    while (activity_) co_await activity_ended_.wait();
}

Task<JobRunner*> Worker::runner_of(HeldJob& job) {
    const JobId id = job.spec.id;
    if (activity_ && activity_->job != id) {
        log_of(activity_->job).info("put aside for JOB {}", id.hex());
        co_await halt(activity_->job);
    }
    if (!activity_) activity_ = Activity{id, std::make_unique<JobRunner>(executor_, context_, job)};
    co_return activity_->runner.get();
}

void Worker::keep_working() {
    if (work_.running() > 0) return;
    work_.start(activity_->runner->run());
    activity_changed_.notify();
}

Task<Result<HeldJob*>> Worker::take_lease(worker_protocol::Assign order, bool helping) {
    HeldJob* held = folders_.find(order.job);
    if (held != nullptr && held->lease != 0 && !serves(*held, order)) {
        log_of(order.job).warn("ordered with different terms than before; its files will be made again");
        co_await halt(order.job);
        const auto forgotten = co_await folders_.forget(order.job);
        if (forgotten.has_error()) co_return forgotten.error();
        held = nullptr;
    }
    if (held != nullptr && held->lease == order.lease && held->helping == helping) {
        reports_.resend(order.job);
        co_return held;
    }
    // Under a new lease nothing has been reported yet; what is due follows from the record.
    reports_.drop(order.job);
    co_await evidence_.halt(order.job);
    if (held != nullptr && held->helping != helping) co_await halt(order.job);
    if (held == nullptr || held->lease == 0) {
        HeldJob fresh;
        fresh.lease = order.lease;
        fresh.helping = helping;
        fresh.spec = order.spec;
        fresh.dataset_bytes = order.dataset_bytes;
        co_return co_await folders_.create(std::move(fresh));
    }
    begin_lease(*held, order.lease, helping);
    const auto saved = co_await folders_.save(order.job);
    if (saved.has_error()) co_return saved.error();
    report_what_is_due(*held);
    co_return held;
}

void Worker::report_what_is_due(const HeldJob& job) {
    for (worker_protocol::ReportBody& body : due_reports(job)) reports_.add(job.spec.id, job.lease, std::move(body));
}

Task<> Worker::handle(worker_protocol::Assign order) {
    const bool at_work = activity_ && activity_->job == order.job;
    const auto held = co_await take_lease(order, false);
    if (held.has_error()) {
        log_of(order.job).warn("cannot be taken: {}", held.error().message);
        reports_.add(order.job, order.lease, worker_protocol::StepFailed{"assign", false, held.error().message, true});
        co_return;
    }
    if (!at_work) log_of(order.job).info("taken under lease {}", order.lease);
    JobRunner* runner = co_await runner_of(**held);
    runner->assign(std::move(order));
    keep_working();
}

/// A worker that is busy with a JOB of its own does not help. The order is not answered: the master sees only at the
/// rendezvous whether a helper has come.
Task<> Worker::handle(worker_protocol::Join order) {
    const JobId id = order.work.job;
    const HeldJob* known = folders_.find(id);
    const bool own = known != nullptr && known->lease >= order.work.lease && !known->helping;
    const bool busy = activity_ && activity_->job != id && !folders_.find(activity_->job)->helping;
    if (own || busy || (known != nullptr && known->lease > order.work.lease)) co_return;
    const bool at_work = activity_ && activity_->job == id;
    const auto held = co_await take_lease(order.work, true);
    if (held.has_error()) {
        log_of(id).warn("cannot help: {}", held.error().message);
        co_return;
    }
    if (!at_work) log_of(id).info("helping the worker that holds it");
    JobRunner* runner = co_await runner_of(**held);
    runner->join(std::move(order));
    keep_working();
}

/// The JOB's record if this worker holds that lease; otherwise null, and the master is told.
HeldJob* Worker::held_under(const JobId& job, std::uint64_t lease, const std::string& step) {
    HeldJob* held = folders_.find(job);
    if (held != nullptr && held->lease == lease && !held->helping) return held;
    const std::string message = fmt::format("this worker does not hold lease {} of the JOB", lease);
    reports_.add(job, lease, worker_protocol::StepFailed{step, true, message, true});
    return nullptr;
}

Task<> Worker::handle(worker_protocol::Evidence order) {
    if (held_under(order.job, order.lease, "evidence") != nullptr) evidence_.order(std::move(order));
    co_return;
}

Task<> Worker::handle(worker_protocol::Upload order) {
    HeldJob* held = held_under(order.job, order.lease, "upload");
    if (held == nullptr) co_return;
    JobRunner* runner = co_await runner_of(*held);
    runner->upload(std::move(order));
    keep_working();
}

Task<> Worker::handle(worker_protocol::Stop order) {
    const HeldJob* held = folders_.find(order.job);
    // It answers a report that was sent before the newer lease came.
    if (held == nullptr || order.lease < held->lease) co_return;
    log_of(order.job).info("stopped by the master: {}{}", order.reason, order.forget ? "; deleting its files" : "");
    co_await halt(order.job);
    reports_.drop(order.job);
    if (!order.forget) co_return;
    const auto forgotten = co_await folders_.forget(order.job);
    if (forgotten.has_error()) log_of(order.job).warn("{}", forgotten.error().message);
}

Task<> Worker::handle(worker_protocol::Ack acknowledgement) {
    const auto report = reports_.acknowledge(acknowledgement.report);
    if (!report) co_return;
    HeldJob* held = folders_.find(report->job);
    if (held == nullptr || held->lease != report->lease) co_return;
    const bool dataset = std::holds_alternative<worker_protocol::DatasetReady>(report->body) && held->dataset;
    const bool artifact = std::holds_alternative<worker_protocol::Trained>(report->body) && held->artifact;
    if (dataset) held->dataset->acknowledged = true;
    if (artifact) held->artifact->acknowledged = true;
    if (!dataset && !artifact) co_return;
    const auto saved = co_await folders_.save(report->job);
    if (saved.has_error()) log_of(report->job).warn("{}; the report will be repeated", saved.error().message);
}

}  // namespace emeth::worker
