#include "simulation/policy/open_jobs.hpp"

#include "chain/gas.hpp"

namespace emeth::simulation {
namespace {

node::Candidate candidate_of(const StreamedJob& job) {
    node::Candidate candidate;
    candidate.id = job.id;
    candidate.record = {
        true, job.requester, job.deadline_unix_s, job.fee, chain::JobStatus::requested, job.requested_at_unix_s};
    candidate.details = {job.program_id, job.param, "", ""};
    candidate.dataset_bytes = job.dataset_bytes;
    candidate.gas = chain::published_dataset_gas(job.dataset_bytes);
    return candidate;
}

}  // namespace

void OpenJobs::add(std::size_t job) {
    candidates_.emplace(job, candidate_of(stream_[job]));
    is_open_[job] = true;
    added_ = job + 1;
}

bool OpenJobs::remove(std::size_t job) {
    if (!is_open_[job]) return false;
    is_open_[job] = false;
    candidates_.erase(job);
    return true;
}

}  // namespace emeth::simulation
