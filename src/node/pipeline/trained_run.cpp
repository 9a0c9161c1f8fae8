#include "node/pipeline/trained_run.hpp"

#include "node/market/finish_estimate.hpp"
#include "trainer_protocol/segments.hpp"

namespace emeth::node {

std::uint32_t segments_of_run(const statemachine::Job& job, const trainer_protocol::NetworkRules& rules) {
    const auto work = workload_of(job.terms, rules);
    const auto& artifact = *job.training.artifact;
    return trainer_protocol::segment_count(work ? work->model : "", artifact.steps, artifact.epochs);
}

}  // namespace emeth::node
