// Writes checkpoints and the segments' states beside the training loop: the loop pays for a copy in memory, another
// thread for the disk.
#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include "trainer/checkpoints/checkpoint.hpp"
#include "trainer/checkpoints/checkpoint_interval.hpp"
#include "trainer/checkpoints/segment_states.hpp"
#include "trainer/checkpoints/state_keeper.hpp"
#include "trainer/data/plan.hpp"
#include "trainer/reporter.hpp"

namespace emeth::trainer {

/// Used by the training thread only. What is taken is written in that order: a checkpoint that is durable has all
/// states before it durable, too.
class CheckpointWriter final : public StateKeeper {
public:
    CheckpointWriter(CheckpointStore store, SegmentStates states, RunHistory history, const Plan& plan,
                     Reporter& reporter);
    ~CheckpointWriter() override;

    /// Takes a copy to write, unless one is being written still. An Error when the last write failed.
    Result<void> checkpoint_due(const TrainingState& state) override;
    /// Takes a copy of what begins a segment, once the write before it is done.
    Result<void> step_begins(const TrainingState& state) override;
    /// Returns once `state` is durable.
    Result<void> write_now(const TrainingState& state);
    /// How long to wait from one offer to the next: the best by what the last one cost; the shortest until that is
    /// known.
    [[nodiscard]] Milliseconds checkpoint_interval() const override;
    /// What the last one cost: the copy and the writing. More than training lost, which goes on beside the writing.
    [[nodiscard]] Milliseconds cost() const;

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
    RunHistory history_;
    std::uint64_t steps_per_epoch_;
    Reporter& reporter_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::optional<Waiting> waiting_;        // set until it is written
    Result<void> outcome_;                  // of the last write
    Milliseconds copying_{0}, writing_{0};  // of the last checkpoint
    Milliseconds remembered_;               // until when the history knows the training time
    bool ending_ = false;
    std::thread thread_;
};

}  // namespace emeth::trainer
