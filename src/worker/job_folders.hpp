// The folders of the JOBs that this worker holds, <data>/jobs/<job id>/, and their records. Io thread only.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <vector>

#include "runtime/async_mutex.hpp"
#include "runtime/blocking_pool.hpp"
#include "worker/held_job.hpp"

namespace emeth::worker {

class JobFolders {
public:
    JobFolders(const asio::any_io_executor& executor, std::filesystem::path jobs_folder, BlockingPool& pool);

    /// Reads what an earlier process left; called once, before anything else. A JOB whose record cannot be read is held
    /// with lease 0: the master decides what becomes of its files.
    Result<void> load();

    /// Null if the JOB is not held. The pointer stays valid until forget().
    [[nodiscard]] HeldJob* find(const JobId& job);
    [[nodiscard]] std::vector<worker_protocol::HeldLease> held() const;
    [[nodiscard]] std::filesystem::path folder(const JobId& job) const;
    /// What the states of the JOBs held take, `except` left out; verification asks nothing of a helper.
    [[nodiscard]] std::uint64_t states_kept_bytes(const std::optional<JobId>& except) const;

    /// Makes the JOB's folder and a record that is durable when it returns.
    Task<Result<HeldJob*>> create(HeldJob job);
    /// Makes the record durable in its current state. Concurrent calls write one after
    /// the other, the latest state last.
    Task<Result<void>> save(JobId job);
    /// Deletes the JOB's files and its record. The caller must have stopped all work on them.
    Task<Result<void>> forget(JobId job);

private:
    std::filesystem::path jobs_folder_;
    BlockingPool& pool_;
    AsyncMutex writing_;
    std::map<JobId, HeldJob> jobs_;
};

}  // namespace emeth::worker
