// Which of the JOBs that wait for their check are checked now, side by side, within a budget of memory and threads.
// Pure: no I/O, no clock; `now` is monotonic time.
//
//     queue.wait(job, cost, now);
//     while (const auto next = queue.start_next(now)) start_check(*next);  // each ends with queue.ended(*next)
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "runtime/clock.hpp"
#include "statemachine/types.hpp"

namespace emeth::network {

/// Estimates. All that is asked of them is that a small JOB's are smaller than a large one's.
struct CheckCost {
    Milliseconds duration{0};
    std::uint64_t memory_bytes = 0;
};

class CheckQueue {
public:
    struct Budget {
        std::size_t checks_max = 1;
        std::uint64_t memory_bytes = 0;  ///< a check that needs more runs when no other one does
    };
    /// A check that has waited this long for memory lets no smaller one pass any more.
    static constexpr Milliseconds passed_by_max{3'600'000};

    explicit CheckQueue(Budget budget) : budget_(budget) {}
    /// What runs already goes on.
    void set_budget(Budget budget) { budget_ = budget; }

    /// The JOB waits for its check; nothing where it does, or is being checked. One whose check came to no verdict
    /// waits as if it had just come: a check that fails each time holds up no other.
    void wait(const JobId& job, CheckCost cost, Milliseconds now);
    /// The next check to start; none where nothing waits or the budget is used up. Smallest first, with ageing: who has
    /// waited for as long as its check lasts stands level with one that has just come and needs no time at all.
    std::optional<JobId> start_next(Milliseconds now);
    /// The check is over, with or without a verdict.
    void ended(const JobId& job) { entries_.erase(job); }

    [[nodiscard]] bool is_waiting(const JobId& job) const;
    [[nodiscard]] std::size_t running() const;

    /// A JOB that waits for its check, or is being checked.
    struct Turn {
        JobId job;
        bool is_running = false;
        Milliseconds since{0};  ///< that it waits, or is being checked; monotonic
    };
    /// Those that are being checked first, then those that wait, each from the oldest to the newest.
    [[nodiscard]] std::vector<Turn> turns() const;
    [[nodiscard]] std::size_t checks_max() const { return budget_.checks_max; }

private:
    struct Entry {
        Milliseconds since{0};  ///< when it came
        CheckCost cost;
        bool is_running = false;
        Milliseconds started_at{0};  ///< if it is running
    };
    [[nodiscard]] bool fits(const CheckCost& cost) const;

    Budget budget_;
    std::map<JobId, Entry> entries_;
};

}  // namespace emeth::network
