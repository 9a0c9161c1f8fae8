// How long a JOB waits after a failure. The back-off is durable (statemachine::RetryProgress); a restart does not
// shorten it. Io thread only.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include "node/pipeline/job_journal.hpp"
#include "runtime/clock.hpp"
#include "runtime/random.hpp"
#include "runtime/result.hpp"
#include "runtime/retry_policy.hpp"
#include "runtime/wakeup.hpp"

namespace emeth::node {

/// A wait must not use up the time that the next try needs, either before the deadline or while a late submit may still
/// count after it. `time_left_s`: until the deadline, negative after it; none while no deposit is locked.
Milliseconds longest_wait(std::optional<std::int64_t> time_left_s);

/// When the step that failed is tried again, unix ms; none: the JOB waits out no back-off.
std::optional<std::int64_t> retry_at_unix_ms(const statemachine::Job& job, std::int64_t now_unix_ms);

class RetryWait {
public:
    struct Policies {
        RetryPolicy of_node;    ///< for what the node does by itself
        RetryPolicy of_worker;  ///< shorter, since the worker's reports wait meanwhile
    };
    /// `journal`, `clock` and `random` must outlive it.
    RetryWait(asio::any_io_executor executor, const JobJournal& journal, Clock& clock, Random& random,
              Policies policies)
        : journal_(journal), clock_(clock), random_(random), policies_(policies), waived_now_(std::move(executor)) {}

    /// Returns when the durable back-off is over, or waived. Wall time may jump, so no wait is longer than this
    /// attempt's back-off can have been.
    Task<> wait(bool with_worker);
    /// The operator wants the step that failed to be tried at once. Only this process knows, and only of this wait: the
    /// record stays as it is, and the next failure is waited out again. Error: the JOB waits for no retry.
    Result<void> waive();
    /// The back-off on record counts no more.
    [[nodiscard]] bool is_waived() const { return waived_ == journal_.job().retry; }

    /// How long to wait before attempt `attempt` + 1.
    [[nodiscard]] Milliseconds after_failure(std::uint32_t attempt, bool with_worker) const;
    /// As after_failure(), for a worker that waits for a fresh order; the deadline does not shorten it.
    [[nodiscard]] Milliseconds after_worker_failure(std::uint32_t attempt) const;
    /// The store itself is failing (on a full disk, for example), so the wait cannot be made durable.
    Task<> give_store_time(Error error);
    void store_works() { store_failures_ = 0; }

    /// Until the deadline, in chain time, while a deposit is locked.
    void set_time_left(std::int64_t seconds) {
        time_left_s_ = seconds;
        due_ = clock_.monotonic() + Milliseconds(seconds * 1'000);
    }
    /// Monotonic, when the deadline is, as far as chain time is known; none: not known yet.
    [[nodiscard]] std::optional<Milliseconds> due() const { return due_; }

private:
    [[nodiscard]] const RetryPolicy& policy(bool with_worker) const {
        return with_worker ? policies_.of_worker : policies_.of_node;
    }

    const JobJournal& journal_;
    Clock& clock_;
    Random& random_;
    Policies policies_;
    std::optional<std::int64_t> time_left_s_;
    std::optional<Milliseconds> due_;
    std::uint32_t store_failures_ = 0;
    std::optional<statemachine::RetryProgress> waived_;
    Wakeup waived_now_;
};

}  // namespace emeth::node
