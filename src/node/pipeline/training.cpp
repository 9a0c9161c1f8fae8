// training: the worker reports each durable step of its trainer; the master only writes it down.
#include <utility>

#include "node/pipeline/pipeline.hpp"

namespace emeth::node {

namespace sm = statemachine;

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

/// Their absence is no failure of the JOB: with the next progress they are called again.
Task<> Pipeline::call_helpers(trainer_protocol::Rendezvous rendezvous) {
    if (ports_.workers.helpers_to_call(id(), rendezvous) == 0) co_return;
    auto work = co_await assignment();
    if (work.has_error()) co_return;
    worker_protocol::Join order{std::move(*work), std::move(rendezvous)};
    co_await ports_.workers.order(std::move(order));
}

}  // namespace emeth::node
