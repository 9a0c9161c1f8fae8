// Whether a JOB with a locked deposit can still be finished and, if not, which is cheaper: giving it back now or
// waiting for the timeout. Pure: time and progress are passed in. Io thread only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "runtime/clock.hpp"
#include "statemachine/job.hpp"
#include "worker_protocol/messages.hpp"

namespace emeth::node {

/// A JOB's prospects at a given moment. Times are chain time.
struct Outlook {
    std::int64_t now_unix_s = 0;
    std::int64_t deadline_unix_s = 0;
    std::int64_t work_left_s = 0;  ///< a lower bound, at the best speed seen so far; 0 while none has been measured
    bool trained = false;          ///< only the upload and the submit remain
    std::int64_t verifier_lag_s =
        0;  ///< how long after the deadline a submit still counts, since nobody has called timeout yet
    Wei decline_penalty, timeout_penalty;  ///< EMT wei
};

/// A sentence with the amounts when the JOB cannot be finished and giving it back costs no more than going on. None
/// while the JOB can still be finished, while a late submit may still count at the same price, and when a timeout is
/// cheaper. A finished result has nothing to lose at the same price, so it is submitted however late.
std::optional<std::string> reason_to_decline(const Outlook& outlook);

/// Measures one JOB's speed from its worker's progress.
class FinishWatch {
public:
    /// A single odd block or slow moment must not cost a penalty: a condition is acted upon only
    /// after holding for this long.
    static constexpr Milliseconds patience{120'000};
    /// Length of the windows in which speed is measured.
    static constexpr Milliseconds window{10'000};

    struct Rules {
        std::int64_t verifier_lag_s = 0;
        std::uint64_t decline_penalty_rate = 0, timeout_penalty_rate = 0;  ///< in units of 1/100000 of the deposit
    };
    explicit FinishWatch(const Rules& rules) : rules_(rules) {}

    /// `progress`: the worker's last report; `now`: monotonic. Returns the reason to decline once
    /// it has held for `patience`.
    std::optional<std::string> look(const statemachine::Job& job,
                                    const std::optional<worker_protocol::Progress>& progress,
                                    std::int64_t chain_now_unix_s, Milliseconds now);

private:
    void measure(const worker_protocol::Progress& progress, Milliseconds now);
    [[nodiscard]] std::int64_t work_left_s(const statemachine::Job& job,
                                           const std::optional<worker_protocol::Progress>& progress) const;

    Rules rules_;
    std::uint64_t window_step_ = 0;
    std::optional<Milliseconds> window_begin_;
    double best_steps_per_s_ = 0;
    std::optional<Milliseconds> hopeless_since_;
};

}  // namespace emeth::node
