// Decides whether a trainer still makes progress: no clock and no process, so that plain unit tests cover it.
#pragma once

#include "trainer_protocol/messages.hpp"
#include "worker/settings.hpp"

namespace emeth::worker {

class StallWatch {
public:
    StallWatch(StallLimits limits, Milliseconds now) : limits_(limits), last_advance_(now) {}

    /// Before the first step and after the last one every report counts as an advance; in between only a new step does.
    void saw(const trainer_protocol::TrainerReport& report, Milliseconds now);
    /// How long to wait for the next advance; 0 when it is overdue.
    [[nodiscard]] Milliseconds remaining(Milliseconds now) const;
    /// "no training step for 600000 ms (timeout_learning)".
    [[nodiscard]] std::string complaint() const;
    /// True once a step has been done since the start.
    [[nodiscard]] bool advanced() const { return steps_done_; }

private:
    enum class Phase { before_training, training, after_training };
    [[nodiscard]] Milliseconds limit() const;
    void enter(Phase phase, Milliseconds now);

    StallLimits limits_;
    Milliseconds last_advance_;
    Phase phase_ = Phase::before_training;
    std::uint64_t step_ = 0;
    bool steps_done_ = false;
};

}  // namespace emeth::worker
