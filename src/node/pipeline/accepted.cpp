// accepted: the deposit is locked; a worker is reserved and the lease made durable before anything is ordered.
#include <utility>

#include "node/pipeline/pipeline.hpp"
#include "runtime/failpoint.hpp"

namespace emeth::node {

Task<Result<void>> Pipeline::lease_worker() {
    const auto last = job().lease;
    // The last holder may still have dataset, checkpoints or the artifact.
    const std::optional<Address> preferred = last.number > 0 ? std::optional(last.worker) : std::nullopt;
    if (!link_.reserved) {
        const Address worker = co_await ports_.workers.reserve(id(), preferred);
        link_.reserved = worker;
    }
    Fact granted = statemachine::LeaseGranted{last.number + 1, *link_.reserved};
    const Result<void> committed = co_await journal_.commit(std::move(granted));
    // What could not be committed may be found durable once the disk is well again: until then the worker is nobody
    // else's, and the next try is the same fact.
    if (committed.has_error()) co_return committed;
    adopt_lease();
    co_return Result<void>{};
}

bool Pipeline::needs_its_lease() const {
    if (job().state == statemachine::State::submitted)
        return job().evidence.block_hash && !job().evidence.upload.completed;
    return job().lease.active && !job().upload.completed && job().outcome.decline_reason.empty();
}

/// From here on the hub brings the news of this lease.
void Pipeline::adopt_lease() {
    link_.reset();
    // What is to be shown lies on the disk of the worker that trained, whatever it does meanwhile.
    const Hold hold = job().state == statemachine::State::submitted ? Hold::files : Hold::work;
    link_.inbox = ports_.workers.adopt(id(), job().lease.number, job().lease.worker, hold);
}

void Pipeline::release_worker(bool forget, std::string reason) {
    judge_holder();
    link_.reset();
    failpoint::before("order", "release");
    ports_.workers.release(id(), forget, std::move(reason));
    failpoint::after("order", "release");
}

}  // namespace emeth::node
