#include "network/info_server/job_reader.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "runtime/subject_log.hpp"
#include "runtime/task_group.hpp"

namespace emeth::network {
namespace {

constexpr std::size_t readers_max = 16;  // as many connections as the client keeps to one origin

storage::IndexedJob indexed(JobOnChain job) {
    storage::IndexedJob entry;
    entry.id = job.id;
    entry.owner = job.record.owner;
    entry.status = static_cast<std::uint8_t>(job.record.status);
    entry.program_id = job.details.program_id;
    entry.dataset = std::move(job.details.dataset);
    entry.param = std::move(job.details.param);
    entry.fee = job.record.fee;
    entry.deadline_unix_s = job.record.deadline_unix_s;
    entry.requested_at_unix_s = job.record.requested_at_unix_s;
    entry.node = job.assign.node;
    entry.deposit = job.assign.deposit;
    entry.started_at_unix_s = job.assign.started_at_unix_s;
    entry.submitted_at_unix_s = job.assign.submitted_at_unix_s;
    entry.verified_at_unix_s = job.assign.verified_at_unix_s;
    return entry;
}

/// What the readers share; it outlives them.
struct Reading {
    chain::Chain& chain;
    std::vector<JobId> jobs;
    std::size_t next = 0;
    ReadJobs read{};
    std::optional<Error> failure{};
};

Task<> read_on(Reading* reading) {
    while (reading->next < reading->jobs.size() && !reading->failure) {
        const JobId id = reading->jobs[reading->next++];
        auto job = co_await read_job(reading->chain, id);
        if (job.has_value() && *job) {
            reading->read.found.push_back(indexed(std::move(**job)));
        } else if (job.has_value()) {
            reading->read.absent.push_back(id);
        } else if (job.error().kind == ErrorKind::permanent) {
            log_of(id).error("JOB info server: it is left out of the list: {}", job.error().message);
        } else if (!reading->failure) {
            reading->failure = job.error();
        }
    }
}

}  // namespace

Task<Result<ReadJobs>> read_jobs(asio::any_io_executor executor, chain::Chain& chain, std::vector<JobId> jobs) {
    Reading reading{chain, std::move(jobs)};
    TaskGroup readers(executor, readers_max);
    const std::size_t count = std::min(readers_max, reading.jobs.size());
    for (std::size_t reader = 0; reader < count; ++reader) readers.start(read_on(&reading));
    co_await readers.join();
    if (reading.failure) co_return *reading.failure;
    co_return std::move(reading.read);
}

}  // namespace emeth::network
