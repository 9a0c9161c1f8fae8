// downloading: the leased worker fetches the dataset itself, by a signed URL, and tokenises it.
#include <utility>

#include "node/pipeline/pipeline.hpp"
#include "runtime/failpoint.hpp"
#include "trainer_protocol/job_param.hpp"

namespace emeth::node {

namespace sm = statemachine;

/// The whole order at once: fetch, tokenise, train.
Task<Result<worker_protocol::Assign>> Pipeline::assignment() {
    auto spec = trainer_protocol::parse_job_param(id(), job().terms.param, settings_.rules);
    if (spec.has_error()) co_return spec.error();
    Result<std::string> url = co_await ports_.artifacts.dataset_url(id());
    if (url.has_error()) co_return url.error();
    co_return worker_protocol::Assign{
        id(), job().lease.number, std::move(*spec), std::move(*url), job().terms.dataset_bytes, settings_.cooperative};
}

/// Sent again, it changes nothing that runs.
Task<Result<void>> Pipeline::order_assignment() {
    auto order = co_await assignment();
    if (order.has_error()) co_return order.error();
    failpoint::before("order", "assign");
    co_await ports_.workers.order(std::move(*order));
    failpoint::after("order", "assign");
    link_.assigned = true;
    co_return Result<void>{};
}

/// A dataset that differs from the one on record was damaged on its way: the files are thrown away and a new lease
/// begins.
Task<Result<void>> Pipeline::take(worker_protocol::DatasetReady ready) {
    Fact fact = sm::DatasetReady{job().lease.number, ready.sha256, ready.bytes, ready.tokens, ready.steps_total};
    const Result<bool> accepted = co_await journal_.report(std::move(fact));
    if (accepted.has_error()) co_return accepted.error();
    if (*accepted || journal_.last_rejection()->kind != sm::RejectionKind::contradicts_record) co_return Result<void>{};
    const auto reason = journal_.last_rejection()->reason;
    const Result<void> revoked = co_await revoke_lease(reason, true);
    if (revoked.has_error()) co_return revoked;
    co_return transient_error(reason);
}

}  // namespace emeth::node
