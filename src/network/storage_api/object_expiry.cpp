#include "network/storage_api/object_expiry.hpp"

#include <algorithm>

namespace emeth::network {
namespace {

constexpr std::int64_t day_s = 86'400;
/// Longer than any reorganisation: until then an end does not count, and an open upload stays.
constexpr std::int64_t settled_after_s = day_s;

std::int64_t last_time_of(const StoredItem& item, const JobOutlook& job) {
    return std::max({item.touched_at_unix_s, job.record.requested_at_unix_s, job.assign.started_at_unix_s,
                     job.assign.submitted_at_unix_s, job.assign.verified_at_unix_s});
}

}  // namespace

bool has_ended(const chain::JobRecord& record) {
    using enum chain::JobStatus;
    switch (record.status) {
        case verified:
        case canceled:
        case timeout:
        case failed:
        case declined:
            return record.exist;
        case requested:
        case assigned:
        case processing:
        case submitted:
        case rejected:
            return false;
    }
    return false;
}

bool is_expired(const StoredItem& item, const JobOutlook& job, const StorageLimits& limits, std::int64_t now_unix_s) {
    const std::int64_t age_s = now_unix_s - item.touched_at_unix_s;
    // No JOB can name it: it is of a JOB that was never requested, or of somebody else than the requester.
    if (item.kind == StoredItem::Kind::dataset && (!job.record.exist || job.record.owner != item.uploader))
        return age_s > limits.unclaimed_dataset_days * day_s;
    if (!has_ended(job.record) || job.known_ended_s < settled_after_s) return false;
    if (item.kind == StoredItem::Kind::open_upload) return age_s > settled_after_s;
    return now_unix_s - last_time_of(item, job) > limits.ended_job_days * day_s;
}

std::int64_t youngest_that_expires_s(const StorageLimits& limits) {
    return std::min({settled_after_s, limits.unclaimed_dataset_days * day_s, limits.ended_job_days * day_s});
}

}  // namespace emeth::network
