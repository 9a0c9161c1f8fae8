// training: the worker reports each durable step of its trainer; the master only writes it down.
#include <utility>

#include "node/pipeline/pipeline.hpp"
#include "runtime/log.hpp"

namespace emeth::node {

namespace sm = statemachine;

namespace {

constexpr Milliseconds call_again_after{60'000};

}  // namespace

/// A trainer that begins at step 0 with no checkpoint on record is no news.
Task<Result<void>> Pipeline::take(worker_protocol::TrainingStarted started) {
    if (started.step == 0 && !job().training.checkpoint) co_return Result<void>{};
    Fact resumed = sm::TrainingResumed{job().lease.number, started.step, std::move(started.reason)};
    co_return co_await note(std::move(resumed));
}

Task<Result<void>> Pipeline::take(worker_protocol::CheckpointSaved saved) {
    Fact fact = sm::CheckpointSaved{job().lease.number, saved.checkpoint};
    co_return co_await note(std::move(fact));
}

Task<Result<void>> Pipeline::take(worker_protocol::Trained trained) {
    Fact finished = sm::TrainingFinished{job().lease.number, std::move(trained.artifact)};
    co_return co_await note(std::move(finished));
}

/// Beside everything else, for the JOB needs no helpers: a Storage API that is slow or away costs it nothing here.
Task<> Pipeline::call_helpers() {
    for (;;) {
        co_await link_.rendezvous_told.wait();
        if (!link_.rendezvous) continue;
        trainer_protocol::Rendezvous rendezvous = *link_.rendezvous;
        if (ports_.workers.helpers_to_call(id(), rendezvous) == 0) continue;
        auto work = co_await assignment();
        if (work.has_error()) {
            spdlog::warn("JOB {}: no worker is called to help: {}", id().hex(), work.error().message);
            co_await ports_.clock.sleep(call_again_after);
            continue;
        }
        worker_protocol::Join order{std::move(*work), std::move(rendezvous)};
        co_await ports_.workers.order(std::move(order));
    }
}

}  // namespace emeth::node
