// Delivers evidence for the verifier: packs the states that a draw asks for and uploads them, beside whatever JOB the
// worker is training. One order at a time. Io thread only.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "runtime/task_group.hpp"
#include "runtime/wakeup.hpp"
#include "worker/job_runner.hpp"

namespace emeth::worker {

class EvidenceCourier {
public:
    EvidenceCourier(const asio::any_io_executor& executor, RunnerContext context);

    /// Runs until it is cancelled.
    Task<> run();
    /// Replaces an earlier order for the same JOB. The outcome is reported; a failed order is
    /// retried when the master repeats it.
    void order(worker_protocol::Evidence order);
    /// Drops the JOB's order; returns once nothing here touches its files.
    Task<> halt(JobId job);

private:
    struct Packed {
        Hash256 block_hash;
        statemachine::WorkerFile file;
    };
    Task<> serve(worker_protocol::Evidence order);
    Task<Result<void>> show(worker_protocol::Evidence order);
    Task<Result<statemachine::WorkerFile>> pack(worker_protocol::Evidence order);

    RunnerContext context_;
    std::map<JobId, worker_protocol::Evidence> waiting_;  ///< bounded: at most one per held JOB
    std::map<JobId, Packed> packed_;                      ///< what this process has packed
    std::optional<JobId> current_;
    TaskGroup work_;
    Wakeup ordered_;
    Wakeup ended_;
};

}  // namespace emeth::worker
