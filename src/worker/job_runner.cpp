#include "worker/job_runner.hpp"

#include <utility>

#include "runtime/subject_log.hpp"

namespace emeth::worker {

namespace {

constexpr Milliseconds progress_interval{500};

}  // namespace

JobRunner::JobRunner(const asio::any_io_executor& executor, RunnerContext context, HeldJob& job)
    : executor_(executor), context_(context), job_(job), ordered_(executor) {}

Task<> JobRunner::run() {
    for (;;) {
        assigned_ = false;
        std::string step = "download";
        auto done = co_await fetch_dataset();
        if (done.has_value()) {
            step = "train";
            Task<Result<void>> work = job_.helping ? help() : train();
            done = co_await std::move(work);
        }
        if (done.has_value() && !job_.helping) {
            co_await serve_uploads();  // returns when the artifact must be made again
            continue;
        }
        // Only the trainer can tell that a step will never succeed;
        // storage and network may have recovered by the next order.
        const bool is_permanent = done.has_error() && step == "train" && done.error().kind == ErrorKind::permanent;
        if (is_permanent) context_.self_test.doubt();
        if (done.has_error()) report_failure(step, done.error(), is_permanent, true);
        while (!assigned_) co_await ordered_.wait();
    }
}

void JobRunner::assign(worker_protocol::Assign order) {
    dataset_url_ = std::move(order.dataset_url);
    cooperative_ = order.cooperative;
    assigned_ = true;
    ordered_.notify();
}

void JobRunner::join(worker_protocol::Join order) {
    rendezvous_ = order.rendezvous;
    assign(std::move(order.work));
}

/// A helper reports nothing: the lease is another worker's.
void JobRunner::report(worker_protocol::ReportBody body) {
    if (job_.helping) return;
    context_.reports.add(job_.spec.id, job_.lease, std::move(body));
}

void JobRunner::report_failure(const std::string& step, const Error& error, bool permanent, bool needs_order) {
    log_of(job_.spec.id)
        .warn("{} failed: {}{}", step, error.message, needs_order ? "; waiting for the master's next order" : "");
    report(
        worker_protocol::StepFailed{step, permanent, error.message, needs_order, false, error.fault == Fault::service});
}

void JobRunner::report_progress(worker_protocol::Progress progress) {
    const Milliseconds now = context_.clock.monotonic();
    if (progress_told_at_ && now - *progress_told_at_ < progress_interval) return;
    progress_told_at_ = now;
    report(std::move(progress));
}

std::filesystem::path JobRunner::folder() const {
    return context_.folders.folder(job_.spec.id);
}

}  // namespace emeth::worker
