// Whether a JOB with a locked deposit can still be finished and, if not, which is cheaper: giving it back now or
// waiting for the timeout. Pure: time and progress are passed in. Io thread only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "node/pipeline/progress_board.hpp"
#include "node/pipeline/step_pace.hpp"
#include "runtime/clock.hpp"
#include "statemachine/job.hpp"

namespace emeth::node {

/// A JOB's prospects at a given moment. Times are chain time.
struct Outlook {
    std::int64_t now_unix_s = 0;
    std::int64_t deadline_unix_s = 0;
    std::int64_t work_left_s = 0;  ///< a lower bound, at the best speed seen so far; 0 while none has been measured
    bool trained = false;          ///< only the upload and the submit remain
    std::int64_t verifier_lag_s =
        0;  ///< how long after the deadline a submit still counts, since nobody has called timeout yet
    Wei decline_penalty, timeout_penalty;   ///< EMT wei
    std::optional<std::string> hopeless{};  ///< why it can never be trained, however much time is left
};

/// A sentence with the amounts when the JOB cannot be finished and giving it back costs no more than going on. None
/// while the JOB can still be finished, while a late submit may still count at the same price, and when a timeout is
/// cheaper. A finished result has nothing to lose at the same price, so it is submitted however late.
std::optional<std::string> reason_to_decline(const Outlook& outlook);

/// A sentence with deadline and finish estimate when a JOB may not be finished in time: less than 5
/// minutes and a tenth of the work left are to spare. None for a JOB that is not in danger.
std::optional<std::string> danger_of(const Outlook& outlook);

/// Measures one JOB's speed from its worker's progress: steps of training over the time between two of their ends.
class FinishWatch {
public:
    /// A single odd block or slow moment must not cost a penalty: a condition is acted upon only
    /// after holding for this long.
    static constexpr Milliseconds patience{120'000};
    /// A worker that is away for a while may still know better than those that call the JOB hopeless.
    static constexpr Milliseconds hopeless_patience{600'000};
    /// For which members of a team that are at hand but do not train yet are expected to, besides the time in which
    /// they fetch and tokenise the dataset.
    static constexpr Milliseconds join_patience{600'000};

    struct Rules {
        std::int64_t verifier_lag_s = 0;
        std::uint64_t decline_penalty_rate = 0, timeout_penalty_rate = 0;  ///< in units of 1/100000 of the deposit
    };
    explicit FinishWatch(const Rules& rules) : rules_(rules) {}

    /// What was last seen of a JOB from outside its record.
    struct Seen {
        std::optional<SeenProgress> progress{};  ///< the worker's last report
        std::optional<std::string> hopeless{};   ///< Futility::reason()
        std::int64_t chain_now_unix_s = 0;
        std::uint32_t workers_at_hand = 1;  ///< of its team, connected
    };
    /// `now`: monotonic. Returns the reason to decline once it has held for its patience.
    std::optional<std::string> look(const statemachine::Job& job, Seen seen, Milliseconds now);
    /// danger_of() what the last look saw.
    [[nodiscard]] std::optional<std::string> danger() const { return danger_of(outlook_); }

private:
    void measure(const SeenProgress& progress);
    /// How many workers may be taken to train it, now or soon.
    std::uint32_t workers_expected(const statemachine::Job& job, std::uint32_t at_hand, Milliseconds now);
    [[nodiscard]] double best_steps_per_s(std::uint32_t workers) const;
    [[nodiscard]] std::int64_t work_left_s(const statemachine::Job& job, const Seen& seen, std::uint32_t workers) const;

    Rules rules_;
    std::uint64_t lease_ = 0;  ///< what is measured is of its worker
    Outlook outlook_;          ///< of the last look
    StepStretches stretches_;
    double best_steps_per_s_ = 0, best_of_one_worker_ = 0;
    std::uint32_t fewest_workers_ = 0;    ///< that trained at a time, since the last stretch that was measured; 0: none
    std::uint32_t workers_measured_ = 0;  ///< at most
    std::uint32_t waits_for_ = 0;         ///< workers that were at hand and did not train together yet
    Milliseconds waits_since_{0};
    std::optional<Milliseconds> reason_since_;
};

}  // namespace emeth::node
