#include "trainer/checkpoints/checkpoint_writer.hpp"

#include <fmt/format.h>

#include <exception>
#include <utility>

namespace emeth::trainer {

namespace {

Milliseconds now() {
    return system_clock().monotonic();
}

}  // namespace

CheckpointWriter::CheckpointWriter(CheckpointStore store, SegmentStates states, RunHistory history, ComputeLog& log,
                                   const Plan& plan, Reporter& reporter)
    : store_(std::move(store)),
      states_(std::move(states)),
      history_(std::move(history)),
      log_(log),
      steps_per_epoch_(plan.steps_per_epoch),
      reporter_(reporter),
      remembered_(now()),
      thread_([this] { run(); }) {}

CheckpointWriter::~CheckpointWriter() {
    {
        const std::scoped_lock lock(mutex_);
        ending_ = true;
    }
    changed_.notify_all();
    thread_.join();
}

void CheckpointWriter::micro_batch_changed(std::int64_t micro_batch) {
    log_.micro_batch_changed(micro_batch);
}

Result<void> CheckpointWriter::step_computed(std::uint64_t step, std::span<const ComputeRecord> others) {
    return log_.step_computed(step, others);
}

/// The mutex is held.
void CheckpointWriter::take(const TrainingState& state, bool begins_segment, bool is_checkpoint) {
    const Milliseconds start = now();
    waiting_.emplace(Waiting{StateCopy(state), begins_segment, is_checkpoint});
    if (is_checkpoint) copying_ = now() - start;
    changed_.notify_all();
}

Result<void> CheckpointWriter::checkpoint_due(const TrainingState& state) {
    const std::scoped_lock lock(mutex_);
    if (!last_write_) return last_write_;
    checkpoint_owed_ = waiting_.has_value();
    if (!checkpoint_owed_) take(state, false, true);
    return {};
}

Result<void> CheckpointWriter::step_begins(const TrainingState& state) {
    const bool begins_segment = states_.begins_segment(state.step);
    if (!begins_segment && !checkpoint_owed_) return {};
    std::unique_lock lock(mutex_);
    if (begins_segment) changed_.wait(lock, [this] { return !waiting_; });
    if (!last_write_) return last_write_;
    if (!waiting_) take(state, begins_segment, std::exchange(checkpoint_owed_, false));
    return {};
}

Result<void> CheckpointWriter::write_now(const TrainingState& state) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !waiting_; });
    if (!last_write_) return last_write_;
    return write_checkpoint(state);
}

Milliseconds CheckpointWriter::cost() const {
    const std::scoped_lock lock(mutex_);
    return writing_ == Milliseconds(0) ? Milliseconds(0) : copying_ + writing_;
}

Milliseconds CheckpointWriter::checkpoint_interval() const {
    const std::scoped_lock lock(mutex_);
    return trainer::checkpoint_interval(copying_ + writing_, history_.mean_time_between_failures());
}

void CheckpointWriter::run() {
    std::unique_lock lock(mutex_);
    for (;;) {
        changed_.wait(lock, [this] { return ending_ || waiting_; });
        if (!waiting_) return;
        lock.unlock();
        Milliseconds start = now();
        Result<void> written;
        try {
            const TrainingState& state = waiting_->state.wait();
            if (waiting_->begins_segment) written = write_segment_state(state);
            start = now();
            if (written && waiting_->is_checkpoint) written = write_checkpoint(state);
        } catch (const std::exception& exception) {
            written = transient_error(fmt::format("cannot copy the state from the GPU: {}", exception.what()));
        }
        const Milliseconds end = now();
        lock.lock();
        if (waiting_->is_checkpoint) {
            writing_ = end - start;
            history_.add_trained(end - std::exchange(remembered_, end));
        }
        last_write_ = std::move(written);
        waiting_.reset();
        changed_.notify_all();
    }
}

Result<void> CheckpointWriter::write_segment_state(const TrainingState& state) {
    Result<void> saved = states_.save(state);
    if (saved.has_error()) return in_context("cannot save the state of a segment", saved.error());
    return saved;
}

Result<void> CheckpointWriter::write_checkpoint(const TrainingState& state) {
    const Result<Hash256> digest = store_.save(state);
    if (digest.has_error()) return in_context("cannot save the checkpoint", digest.error());
    reporter_.report(
        trainer_protocol::CheckpointSaved{{.epoch = static_cast<std::uint32_t>(state.step / steps_per_epoch_),
                                           .step = state.step,
                                           .sha256 = *digest,
                                           .loss = static_cast<double>(state.losses.back())}});
    return {};
}

}  // namespace emeth::trainer
