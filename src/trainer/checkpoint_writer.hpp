// Writes checkpoints beside the training loop: the loop pays for a copy in memory, another thread for the disk.
#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include "trainer/checkpoint.hpp"
#include "trainer/checkpoint_interval.hpp"
#include "trainer/plan.hpp"
#include "trainer/reporter.hpp"

namespace emeth::trainer {

/// Used by the training thread only.
class CheckpointWriter {
public:
    CheckpointWriter(CheckpointStore store, RunHistory history, const Plan& plan, Reporter& reporter);
    ~CheckpointWriter();

    /// Takes a copy to write, unless one is being written still. An Error when the last write failed.
    Result<void> offer(const TrainingState& state);
    /// Returns once `state` is durable.
    Result<void> write_now(const TrainingState& state);
    /// How long to wait from one offer to the next: the best by what the last one cost; the shortest until that is
    /// known.
    [[nodiscard]] Milliseconds interval() const;
    /// What the last one cost: the copy and the writing. More than training lost, which goes on beside the writing.
    [[nodiscard]] Milliseconds cost() const;

private:
    void run();
    Result<void> write(const TrainingState& state);

    CheckpointStore store_;
    RunHistory history_;
    std::uint64_t steps_per_epoch_;
    Reporter& reporter_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::optional<TrainingState> waiting_;  // set until it is written
    Result<void> outcome_;                  // of the last write
    Milliseconds copying_{0}, writing_{0};  // of the last one written
    Milliseconds remembered_;               // until when the history knows the training time
    bool ending_ = false;
    std::thread thread_;
};

}  // namespace emeth::trainer
