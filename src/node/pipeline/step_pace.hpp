// How fast a JOB is trained, by the reports of its worker: in stretches of some seconds, so that what is seen is the
// speed of the training and not that of a moment. Pure.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <utility>

#include "runtime/clock.hpp"

namespace emeth::node {

/// Cuts a training run into stretches of whole steps.
class StepStretches {
public:
    /// Of a stretch, or a whole step where that takes longer.
    static constexpr Milliseconds shortest{10'000};

    /// `ended`: monotonic, when `step` was reported first. The steps per second of the stretch that it ends, if it ends
    /// one. A step that is seen first may have ended long before; only one that is seen to follow another was reported
    /// as it ended. A trainer that fell back to its checkpoint is measured anew.
    std::optional<double> saw(std::uint64_t step, Milliseconds ended) {
        const std::optional<std::uint64_t> last = std::exchange(last_step_, step);
        if (last && step < *last) begin_.reset();
        if (!last || step <= *last) return std::nullopt;
        if (!begin_) {
            begin_ = StepEnd{step, ended};
            return std::nullopt;
        }
        if (ended - begin_->at < shortest) return std::nullopt;
        const double seconds = static_cast<double>((ended - begin_->at).count()) / 1'000;
        const double steps = static_cast<double>(step - begin_->step);
        begin_ = StepEnd{step, ended};
        return steps / seconds;
    }

private:
    struct StepEnd {
        std::uint64_t step = 0;
        Milliseconds at{0};
    };
    std::optional<std::uint64_t> last_step_;  ///< seen
    std::optional<StepEnd> begin_;            ///< of the stretch
};

/// The speed of the newest stretches, and how much it varied. In the first `remembered` stretches all count alike;
/// later the older ones fade.
class PaceSpread {
public:
    static constexpr std::uint32_t remembered = 60;

    void add(double steps_per_s) {
        stretches_ = std::min(stretches_ + 1, remembered);
        const double weight = 1.0 / stretches_;
        const double off = steps_per_s - mean_;
        mean_ += weight * off;
        variance_ = (1 - weight) * (variance_ + weight * off * off);
    }

    /// `remembered` at most.
    [[nodiscard]] std::uint32_t stretches() const { return stretches_; }
    /// Steps per second.
    [[nodiscard]] double mean() const { return mean_; }
    [[nodiscard]] double deviation() const { return std::sqrt(variance_); }

private:
    std::uint32_t stretches_ = 0;
    double mean_ = 0, variance_ = 0;
};

}  // namespace emeth::node
