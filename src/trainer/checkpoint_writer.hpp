// Writes checkpoints beside the training loop: the loop pays for a copy in memory, another thread for the disk.
#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include "trainer/checkpoint.hpp"
#include "trainer/plan.hpp"
#include "trainer/reporter.hpp"

namespace emeth::trainer {

/// Used by the training thread only.
class CheckpointWriter {
public:
    CheckpointWriter(CheckpointStore store, const Plan& plan, Reporter& reporter);
    ~CheckpointWriter();

    /// Takes a copy to write, unless one is being written still. An Error when the last write failed.
    Result<void> offer(const TrainingState& state);
    /// Returns once `state` is durable.
    Result<void> write_now(const TrainingState& state);

private:
    void run();
    Result<void> write(const TrainingState& state);

    CheckpointStore store_;
    std::uint64_t steps_per_epoch_;
    Reporter& reporter_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::optional<TrainingState> waiting_;  // set until it is written
    Result<void> outcome_;                  // of the last write
    bool ending_ = false;
    std::thread thread_;
};

}  // namespace emeth::trainer
