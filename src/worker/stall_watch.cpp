#include "worker/stall_watch.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace emeth::worker {
namespace {

bool is_after_training(const std::string& stage) {
    return stage == "validation" || stage == "artifact";
}

}  // namespace

void StallWatch::enter(Phase phase, Milliseconds now) {
    if (phase_ == phase) return;
    phase_ = phase;
    last_advance_ = now;
}

void StallWatch::saw(const trainer_protocol::TrainerReport& report, Milliseconds now) {
    if (const auto* started = std::get_if<trainer_protocol::Started>(&report)) {
        enter(Phase::training, now);
        step_ = started->step;
    }
    std::uint64_t step = step_;
    const auto* waiting = std::get_if<trainer_protocol::Progress>(&report);
    if (waiting != nullptr && waiting->stage == "waiting") {  // a helper, which its leader may leave idle for long
        last_advance_ = now;
        return;
    }
    if (const auto* progress = std::get_if<trainer_protocol::Progress>(&report)) {
        if (progress->stage == "training") enter(Phase::training, now);
        if (is_after_training(progress->stage)) enter(Phase::after_training, now);
        step = progress->step;
    }
    if (const auto* checkpoint = std::get_if<trainer_protocol::CheckpointSaved>(&report))
        step = checkpoint->checkpoint.step;
    if (phase_ == Phase::training && step <= step_) return;
    steps_done_ = steps_done_ || (phase_ == Phase::training && step > step_);
    step_ = std::max(step_, step);
    last_advance_ = now;
}

Milliseconds StallWatch::limit() const {
    switch (phase_) {
        case Phase::before_training:
            return limits_.idle;
        case Phase::training:
            return limits_.learning;
        case Phase::after_training:
            return limits_.checkpoint;
    }
    return limits_.idle;
}

Milliseconds StallWatch::remaining(Milliseconds now) const {
    return std::max(Milliseconds(0), last_advance_ + limit() - now);
}

std::string StallWatch::complaint() const {
    switch (phase_) {
        case Phase::before_training:
            return fmt::format("the trainer said nothing for {} ms (timeout_idle)", limit().count());
        case Phase::training:
            return fmt::format("no training step was done for {} ms (timeout_learning)", limit().count());
        case Phase::after_training:
            return fmt::format("the trainer said nothing for {} ms after the last step (timeout_checkpoint)",
                               limit().count());
    }
    return {};
}

}  // namespace emeth::worker
