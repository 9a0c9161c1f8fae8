// Whether a JOB with a locked deposit can still be finished, and what is cheaper when it cannot: to give it back now,
// or to wait for the timeout. Pure: time and progress are handed in. Io thread only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "runtime/clock.hpp"
#include "statemachine/job.hpp"
#include "worker_protocol/messages.hpp"

namespace emeth::node {

/// A JOB's prospects at one moment. Times are chain time.
struct Outlook {
    std::int64_t now_unix_s = 0;
    std::int64_t deadline_unix_s = 0;
    std::int64_t work_left_s = 0;  ///< at least this much: at the best speed seen, 0 while none was
    bool trained = false;          ///< nothing is left but to upload and to submit
    std::int64_t verifier_lag_s =
        0;  ///< how long after the deadline a submit still counts, since nobody has called timeout yet
    Wei decline_penalty, timeout_penalty;  ///< EMT wei
};

/// A sentence with the sums when giving the JOB back costs no more than going on, and going on leads nowhere; none
/// while the JOB can still be finished, while a late submit may count at the same price, and where a timeout is the
/// cheaper end. A result that lies ready has nothing to lose at the same price: it is submitted however late.
std::optional<std::string> reason_to_decline(const Outlook& outlook);

/// Measures one JOB's speed from its worker's progress.
class FinishWatch {
public:
    /// One strange block or one slow moment must not cost a penalty: only what has held for so long is acted upon.
    static constexpr Milliseconds patience{120'000};
    /// Windows in which a speed is measured.
    static constexpr Milliseconds window{10'000};

    struct Rules {
        std::int64_t verifier_lag_s = 0;
        std::uint64_t decline_penalty_rate = 0, timeout_penalty_rate = 0;  ///< of the deposit, of 100000
    };
    explicit FinishWatch(const Rules& rules) : rules_(rules) {}

    /// `progress`: the worker's last report; `now`: monotonic. The reason to decline once it has held for `patience`.
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
