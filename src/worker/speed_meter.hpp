// How fast a JOB is trained on this machine alone, from its trainer's reports. Pure.
#pragma once

#include <optional>

#include "runtime/clock.hpp"
#include "trainer_protocol/messages.hpp"

namespace emeth::worker {

class SpeedMeter {
public:
    /// A shorter time says little: caches, other programs, a checkpoint.
    static constexpr Milliseconds shortest{30'000};

    /// Helpers and a trainer that starts again begin a new measurement.
    void saw(const trainer_protocol::Progress& progress, Milliseconds now) {
        if (progress.stage != "training") return;
        const bool goes_on = last_ && progress.workers == 1 && progress.step >= last_->step;
        if (!goes_on) first_ = {progress.step, now};
        last_ = {progress.step, now};
    }

    /// None before `shortest`.
    [[nodiscard]] std::optional<double> steps_per_s() const {
        if (!last_ || last_->at - first_.at < shortest || last_->step == first_.step) return std::nullopt;
        return static_cast<double>(last_->step - first_.step) * 1e3 /
               static_cast<double>((last_->at - first_.at).count());
    }

private:
    struct Mark {
        std::uint64_t step = 0;
        Milliseconds at{0};
    };
    Mark first_;
    std::optional<Mark> last_;
};

}  // namespace emeth::worker
