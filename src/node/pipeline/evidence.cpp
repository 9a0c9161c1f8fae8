// submitted: the block that holds the submit has drawn segments of the training; the worker that trained shows the
// states in which they begin and end.
#include <utility>

#include "node/pipeline/pipeline.hpp"
#include "runtime/failpoint.hpp"
#include "trainer_protocol/segments.hpp"

namespace emeth::node {

namespace sm = statemachine;

/// To pack and, once the upload is open, to put the next missing parts. Sent again, it changes nothing that is done.
Task<Result<void>> Pipeline::order_evidence() {
    const auto& evidence = job().evidence;
    const auto segments =
        trainer_protocol::segment_count(job().training.artifact->steps, job().training.artifact->epochs);
    worker_protocol::Evidence order{id(), job().lease.number, *evidence.block_hash,
                                    trainer_protocol::states_to_show(evidence.segments, segments)};
    if (!evidence.upload.upload_id.empty()) {
        order.upload_id = evidence.upload.upload_id;
        order.urls = next_urls();
    }
    for (const auto& [part, url] : order.urls) link_.ordered_parts.insert(part);
    failpoint::before("order", "evidence");
    co_await ports_.workers.order(std::move(order));
    failpoint::after("order", "evidence");
    link_.assigned = true;
    co_return Result<void>{};
}

Task<Result<void>> Pipeline::take(worker_protocol::EvidencePacked packed) {
    Fact fact = sm::EvidencePacked{job().lease.number, packed.block_hash, packed.file};
    co_return co_await note(std::move(fact));
}

/// The worker has to be told of the new draw; what lies in the Storage API for the old one stays there, and counts no
/// more.
void Pipeline::forget_draw() {
    link_.assigned = false;
    link_.forget_upload();
}

}  // namespace emeth::node
