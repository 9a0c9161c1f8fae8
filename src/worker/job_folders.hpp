// The folders of the JOBs that this worker holds, <data>/jobs/<job id>/, and their records. Io thread only.
#pragma once

#include <filesystem>
#include <map>
#include <vector>

#include "runtime/async_mutex.hpp"
#include "runtime/blocking_pool.hpp"
#include "worker/held_job.hpp"

namespace emeth::worker {

class JobFolders {
public:
    JobFolders(const asio::any_io_executor& executor, std::filesystem::path jobs_folder, BlockingPool& pool);

    /// Reads what an earlier process left; called once, before all else. A record that cannot be read is a JOB held
    /// with lease 0: the master says what becomes of its files.
    Result<void> load();

    /// Stays where it is until forget().
    [[nodiscard]] HeldJob* find(const JobId& job);
    [[nodiscard]] std::vector<worker_protocol::HeldLease> held() const;
    [[nodiscard]] std::filesystem::path folder(const JobId& job) const;

    /// Makes the JOB's folder and a record that is durable when it returns.
    Task<Result<HeldJob*>> create(HeldJob job);
    /// Makes the record durable as it stands; concurrent calls are written one after the other, the last one last.
    Task<Result<void>> save(JobId job);
    /// Deletes the JOB's files and its record. The caller has ended all work on them.
    Task<Result<void>> forget(JobId job);

private:
    std::filesystem::path jobs_folder_;
    BlockingPool& pool_;
    AsyncMutex writing_;
    std::map<JobId, HeldJob> jobs_;
};

}  // namespace emeth::worker
