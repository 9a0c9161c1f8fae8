// Writes checkpoints and the segments' states beside the training loop: the loop pays for a copy in memory, another
// thread for the disk.
#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include "trainer/checkpoint.hpp"
#include "trainer/plan.hpp"
#include "trainer/reporter.hpp"
#include "trainer/segment_states.hpp"
#include "trainer/training_loop.hpp"

namespace emeth::trainer {

/// Used by the training thread only. What is taken is written in that order: a checkpoint that is durable has all
/// states before it durable, too.
class CheckpointWriter final : public StateKeeper {
public:
    CheckpointWriter(CheckpointStore store, SegmentStates states, const Plan& plan, Reporter& reporter);
    ~CheckpointWriter() override;

    /// Takes a copy to write, unless one is being written still. An Error when the last write failed.
    Result<void> checkpoint_due(const TrainingState& state) override;
    /// Takes a copy of what begins a segment, once the write before it is done.
    Result<void> step_begins(const TrainingState& state) override;
    /// Returns once `state` is durable.
    Result<void> write_now(const TrainingState& state);

private:
    struct Waiting {
        TrainingState state;
        bool begins_segment = false;
    };
    void run();
    Result<void> write(const Waiting& waiting);
    Result<void> write_checkpoint(const TrainingState& state);

    CheckpointStore store_;
    SegmentStates states_;
    std::uint64_t steps_per_epoch_;
    Reporter& reporter_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::optional<Waiting> waiting_;  // set until it is written
    Result<void> outcome_;            // of the last write
    bool ending_ = false;
    std::thread thread_;
};

}  // namespace emeth::trainer
