// Writes checkpoints and the segments' states beside the training loop: the loop pays for a copy in memory, another
// thread for the disk.
#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include "trainer/checkpoints/checkpoint.hpp"
#include "trainer/checkpoints/checkpoint_interval.hpp"
#include "trainer/checkpoints/compute_log.hpp"
#include "trainer/checkpoints/segment_states.hpp"
#include "trainer/checkpoints/state_keeper.hpp"
#include "trainer/data/plan.hpp"
#include "trainer/reporter.hpp"

namespace emeth::trainer {

/// Used by the training thread only. Copies are written in the order in which they were taken, so that when a
/// checkpoint is durable, all states before it are durable, too.
class CheckpointWriter final : public StateKeeper {
public:
    /// `log` must outlive it.
    CheckpointWriter(CheckpointStore store, SegmentStates states, RunHistory history, ComputeLog& log, const Plan& plan,
                     Reporter& reporter);
    ~CheckpointWriter() override;

    void micro_batch_changed(std::int64_t micro_batch) override;
    Result<void> step_computed(std::uint64_t step, std::span<const ComputeRecord> others) override;
    /// Takes a copy to write; while another is still being written, the checkpoint is owed. An Error when the last
    /// write failed.
    Result<void> checkpoint_due(const TrainingState& state) override;
    /// At the start of a segment, takes a copy once the previous write is done; at any step, the checkpoint that is
    /// owed once it can: so a disk that is always busy with states gets one copy that is both.
    Result<void> step_begins(const TrainingState& state) override;
    /// Returns once `state` is durable.
    Result<void> write_now(const TrainingState& state);
    /// How long to wait from one checkpoint to the next: the optimum for what the last one cost, and the minimum until
    /// that is known.
    [[nodiscard]] Milliseconds checkpoint_interval() const override;
    /// What the last checkpoint cost: copying and writing. Training lost less, because it continues during the writing.
    [[nodiscard]] Milliseconds cost() const;

private:
    struct Waiting {
        StateCopy state;
        bool begins_segment = false, is_checkpoint = false;
    };
    void take(const TrainingState& state, bool begins_segment, bool is_checkpoint);
    void run();
    Result<void> write_segment_state(const TrainingState& state);
    Result<void> write_checkpoint(const TrainingState& state);

    CheckpointStore store_;
    SegmentStates states_;
    RunHistory history_;
    ComputeLog& log_;               // training thread only
    bool checkpoint_owed_ = false;  // training thread only
    std::uint64_t steps_per_epoch_;
    Reporter& reporter_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::optional<Waiting> waiting_;  // set until it has been written
    Result<void> last_write_;
    Milliseconds copying_{0}, writing_{0};  // of the last checkpoint
    Milliseconds remembered_;               // the history holds the training time up to then
    bool ending_ = false;
    std::thread thread_;
};

}  // namespace emeth::trainer
