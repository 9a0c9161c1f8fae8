#include "network/info_server/job_index.hpp"

#include <algorithm>
#include <utility>

#include "chain/encoding/emeth_core.hpp"
#include "runtime/subject_log.hpp"

namespace emeth::network {

namespace {

std::optional<JobId> job_of(const chain::Log& log) {
    if (const auto request = chain::parse_request_event(log)) return request->job;
    if (const auto cancel = chain::parse_cancel_event(log)) return cancel->job;
    if (const auto status = chain::parse_status_event(log)) return status->job;
    return std::nullopt;
}

}  // namespace

void JobIndex::note(const chain::Log& log) {
    const auto id = job_of(log);
    if (!id) return;
    if (!last_log_.contains(*id) && last_log_.size() >= jobs_max) {
        log_of(*id).error("JOB info server: more than {} JOBs; this one is left out", jobs_max);
        return;
    }
    last_log_[*id] = log.block;
    to_look_at_.insert(*id);
    block_ = std::max(block_, log.block);
}

Task<Result<void>> JobIndex::follow() {
    for (bool caught_up = false; !caught_up;) {
        const auto batch = co_await follower_.next();
        if (batch.has_error()) co_return batch.error();
        if (batch->reorganised_from)
            for (const auto& [id, block] : last_log_)
                if (block >= *batch->reorganised_from) to_look_at_.insert(id);
        for (const auto& log : batch->logs) note(log);
        caught_up = batch->caught_up;
        follower_.acknowledge();
    }
    co_return Result<void>{};
}

Task<Result<void>> JobIndex::look_at(JobId id) {
    auto read = co_await read_job(chain_, id);
    if (read.has_error()) co_return read.error();
    if (!*read) {
        jobs_.erase(id);
        co_return Result<void>{};
    }
    IndexedJob job{std::move(**read)};
    const auto known = jobs_.find(id);
    if (known != jobs_.end()) job.dataset_bytes = known->second.dataset_bytes;
    if (job.dataset_bytes == 0) {
        const auto bytes = co_await storage_.dataset_bytes(job.details.dataset);
        // A JOB whose dataset is missing is listed without a size, and nodes refuse it.
        if (bytes.has_error() && bytes.error().kind == ErrorKind::transient) co_return bytes.error();
        if (bytes.has_value()) job.dataset_bytes = *bytes;
    }
    if (job.record.status == chain::JobStatus::failed) failed_.insert(id);
    jobs_[id] = std::move(job);
    co_return Result<void>{};
}

Task<Result<void>> JobIndex::update() {
    const auto followed = co_await follow();
    if (followed.has_error()) co_return followed;
    Result<void> first_error;
    for (const JobId& id : std::set<JobId>(to_look_at_)) {
        auto looked = co_await look_at(id);
        if (looked.has_value())
            to_look_at_.erase(id);
        else if (first_error.has_value())
            first_error = std::move(looked);
    }
    co_return first_error;
}

std::vector<const IndexedJob*> JobIndex::newest(std::optional<chain::JobStatus> status, std::size_t count_max) const {
    std::vector<const IndexedJob*> chosen;
    for (const auto& [id, job] : jobs_)
        if (!status || job.record.status == *status) chosen.push_back(&job);
    const auto newer = [](const IndexedJob* a, const IndexedJob* b) {
        return a->record.requested_at_unix_s > b->record.requested_at_unix_s;
    };
    std::stable_sort(chosen.begin(), chosen.end(), newer);
    if (chosen.size() > count_max) chosen.resize(count_max);
    return chosen;
}

std::map<chain::JobStatus, std::size_t> JobIndex::count_by_status() const {
    std::map<chain::JobStatus, std::size_t> counts;
    for (const auto& [id, job] : jobs_) ++counts[job.record.status];
    return counts;
}

}  // namespace emeth::network
