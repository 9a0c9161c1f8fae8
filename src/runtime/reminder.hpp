// Says what is wrong once, and again every hour for as long as it lasts. Pure: whoever asks does the logging.
//
//   if (reminder.is_due("no worker")) spdlog::warn("no worker is connected: …");
//   …
//   if (reminder.ended()) spdlog::info("a worker is connected");
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "runtime/clock.hpp"

namespace emeth {

class Reminder {
public:
    static constexpr Milliseconds again_after{3'600'000};

    /// What lasts no longer than `patience` is not mentioned. `clock` must outlive it.
    explicit Reminder(const Clock& clock, Milliseconds patience = Milliseconds::zero())
        : clock_(clock), patience_(patience) {}

    /// Something is wrong: whether it is to be said now. `trouble` is what it is, without figures that change: another
    /// trouble than the last one is news at once.
    [[nodiscard]] bool is_due(std::string_view trouble);
    /// Nothing is wrong (any more): whether that is to be said, which is once after anything was.
    bool ended();

private:
    const Clock& clock_;
    Milliseconds patience_;
    std::string trouble_;
    std::optional<Milliseconds> since_, said_at_;  ///< of `trouble_`, monotonic
    bool was_said_ = false;                        ///< of any trouble since the last end
};

}  // namespace emeth
