#include "worker/evidence_courier.hpp"

#include <utility>

#include "runtime/subject_log.hpp"
#include "worker/evidence_file.hpp"

namespace emeth::worker {

EvidenceCourier::EvidenceCourier(const asio::any_io_executor& executor, RunnerContext context)
    : context_(context), work_(executor, 1), ordered_(executor), ended_(executor) {}

Task<> EvidenceCourier::run() {
    for (;;) {
        while (waiting_.empty()) co_await ordered_.wait();
        auto next = waiting_.extract(waiting_.begin());
        current_ = next.key();
        work_.start(serve(std::move(next.mapped())));
        co_await work_.join();
        current_.reset();
        ended_.notify();
    }
}

void EvidenceCourier::order(worker_protocol::Evidence order) {
    if (current_ == order.job) work_.cancel();
    const JobId job = order.job;
    waiting_.insert_or_assign(job, std::move(order));
    ordered_.notify();
}

Task<> EvidenceCourier::halt(JobId job) {
    waiting_.erase(job);
    packed_.erase(job);
    if (current_ == job) work_.cancel();
    while (current_ == job) co_await ended_.wait();
}

Task<> EvidenceCourier::serve(worker_protocol::Evidence order) {
    const auto shown = co_await show(order);
    if (shown.has_value()) co_return;
    const bool permanent = shown.error().kind == ErrorKind::permanent;
    log_of(order.job).warn("the evidence cannot be delivered: {}; waiting for the master's next order",
                           shown.error().message);
    context_.reports.add(order.job, order.lease,
                         worker_protocol::StepFailed{"evidence", permanent, shown.error().message, true, permanent,
                                                     shown.error().fault == Fault::service});
}

Task<Result<void>> EvidenceCourier::show(worker_protocol::Evidence order) {
    const auto packed = co_await pack(order);
    if (packed.has_error()) co_return packed.error();
    if (order.urls.empty())  // an order with URLs shows that the master has this on record
        context_.reports.add(order.job, order.lease, worker_protocol::EvidencePacked{order.block_hash, *packed});
    const http::PartSource source{evidence_file(context_.folders.folder(order.job)), packed->bytes, "put_evidence"};
    const http::PartPorts ports{context_.pool, context_.doubted_etags};
    for (const auto& [part, url] : order.urls) {
        const auto etag = co_await http::put_part(ports, source, part, url, context_.settings.limits.wait_data);
        if (etag.has_error()) co_return etag.error();
        context_.reports.add(order.job, order.lease, worker_protocol::PartUploaded{part, *etag, order.upload_id});
    }
    co_return Result<void>{};
}

/// Packs once per draw and process.
Task<Result<statemachine::WorkerFile>> EvidenceCourier::pack(worker_protocol::Evidence order) {
    const auto known = packed_.find(order.job);
    if (known != packed_.end() && known->second.block_hash == order.block_hash) co_return known->second.file;
    auto work = [folder = context_.folders.folder(order.job), block_hash = order.block_hash, states = order.states] {
        return pack_evidence(folder, block_hash, states);
    };
    auto packed = co_await context_.pool.run(std::move(work));
    if (packed.has_error()) co_return packed;
    log_of(order.job).info("{} states packed as evidence, {} bytes", order.states.size(), packed->bytes);
    packed_[order.job] = {order.block_hash, *packed};
    co_return packed;
}

}  // namespace emeth::worker
