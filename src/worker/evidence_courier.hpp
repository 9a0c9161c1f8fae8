// Shows the master's verifier what chance asks for: packs states that this worker keeps and puts them, beside whatever
// JOB it works on. One order after the other. Io thread only.
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

    /// Until it is cancelled.
    Task<> run();
    /// Instead of an earlier order of the JOB. What comes of it is reported; a failed one is done again when it is
    /// ordered again.
    void order(worker_protocol::Evidence order);
    /// Returns when nothing works on the JOB's files here.
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
    std::map<JobId, worker_protocol::Evidence> waiting_;  ///< of JOBs that are held: not more than these
    std::map<JobId, Packed> packed_;                      ///< by this process
    std::optional<JobId> current_;
    TaskGroup work_;
    Wakeup ordered_;
    Wakeup ended_;
};

}  // namespace emeth::worker
