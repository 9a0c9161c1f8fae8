#include "node/pipeline/worker_orders.hpp"

#include <utility>

#include "node/pipeline/trained_run.hpp"
#include "runtime/failpoint.hpp"
#include "statemachine/delivery.hpp"
#include "trainer_protocol/job_param.hpp"
#include "trainer_protocol/segments.hpp"

namespace emeth::node {

namespace sm = statemachine;
using sm::Command;

Task<Result<void>> WorkerOrders::give(Command command) {
    if (command == Command::upload_parts) co_return co_await upload_parts();
    if (command == Command::pack_evidence) co_return co_await show_evidence();
    co_return co_await assign();
}

bool WorkerOrders::has(Command command) const {
    return command == Command::upload_parts ? ports_.upload.is_ordered() : assigned_;
}

void WorkerOrders::forget() {
    assigned_ = false;
    ports_.upload.forget_orders();
}

void WorkerOrders::forget_draw() {
    assigned_ = false;
    ports_.upload.forget();
}

Task<Result<worker_protocol::Assign>> WorkerOrders::assignment() {
    auto spec = trainer_protocol::parse_job_param(job().terms.id, job().terms.param, settings_.rules);
    if (spec.has_error()) co_return spec.error();
    Result<std::string> url = co_await ports_.artifacts.dataset_url(job().terms.id);
    if (url.has_error()) co_return url.error();
    co_return worker_protocol::Assign{job().terms.id,  job().lease.number,        std::move(*spec),
                                      std::move(*url), job().terms.dataset_bytes, settings_.cooperative};
}

Task<Result<void>> WorkerOrders::assign() {
    auto order = co_await assignment();
    if (order.has_error()) co_return order.error();
    failpoint::before("order", "assign");
    co_await ports_.workers.order(std::move(*order));
    failpoint::after("order", "assign");
    assigned_ = true;
    co_return Result<void>{};
}

/// If the signed URLs are not known (the master was restarted, or they expired), new ones are asked for; without any,
/// the upload was aborted and another one is opened next.
Task<Result<void>> WorkerOrders::upload_parts() {
    if (!ports_.upload.urls_at_hand()) {
        const Result<void> fetched = co_await ports_.upload.fetch_urls();
        if (fetched.has_error() || !ports_.upload.urls_at_hand()) co_return fetched;
    }
    if (sm::delivery_of(job().state) == sm::Delivery::evidence) co_return co_await show_evidence();
    worker_protocol::Upload order{job().terms.id, job().lease.number, job().training.artifact->sha256,
                                  ports_.upload.order_parts(), ports_.upload.id()};
    failpoint::before("order", "upload");
    co_await ports_.workers.order(std::move(order));
    failpoint::after("order", "upload");
    co_return Result<void>{};
}

/// Orders the worker to pack and, once the upload is open, to put the next missing parts.
Task<Result<void>> WorkerOrders::show_evidence() {
    const auto& evidence = job().evidence;
    worker_protocol::Evidence order{
        job().terms.id, job().lease.number, *evidence.block_hash,
        trainer_protocol::states_to_show(evidence.segments, segments_of_run(job(), settings_.rules))};
    if (!evidence.upload.upload_id.empty()) {
        order.upload_id = evidence.upload.upload_id;
        order.urls = ports_.upload.order_parts();
    }
    failpoint::before("order", "evidence");
    co_await ports_.workers.order(std::move(order));
    failpoint::after("order", "evidence");
    assigned_ = true;
    co_return Result<void>{};
}

}  // namespace emeth::node
