// Keeps the record of how this node's JOBs went (track_record.hpp), as a note in the store. Io thread only.
#pragma once

#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "node/market/track_record.hpp"
#include "node/workers/worker_hub.hpp"
#include "runtime/blocking_pool.hpp"
#include "runtime/clock.hpp"
#include "runtime/random.hpp"
#include "runtime/retry_policy.hpp"
#include "runtime/wakeup.hpp"
#include "statemachine/job.hpp"
#include "storage/job_store.hpp"
#include "storage/notes.hpp"
#include "trainer_protocol/network_rules.hpp"

namespace emeth::node {

/// Why a JOB was declined that the operator did not want any more: it says nothing about the workers.
inline constexpr std::string_view declined_by_operator = "the operator declined it";

/// Seconds from the first lease to the last confirmed submit. None: it was never submitted.
std::optional<double> seconds_taken(const std::vector<storage::HistoryEntry>& history);
/// How a JOB ended, as far as it says anything about those to come; none: it had no deposit, or the operator declined
/// it.
std::optional<EndedJob::Result> result_of(const statemachine::Job& ended);

class TrackBook {
public:
    static constexpr std::string_view cursor = "track_record";
    static constexpr RetryPolicy restore_policy{Milliseconds(1'000), 2, Milliseconds(600'000), 0.25};
    /// Of JOBs that ended while the store cannot be read; more are left out.
    static constexpr std::size_t reported_max = 256;

    /// All must outlive it.
    struct Ports {
        storage::JobStore& jobs;
        storage::Notes& notes;
        const WorkerHub& workers;
        BlockingPool& pool;
        Clock& clock;
        Random& random;
    };

    TrackBook(asio::any_io_executor executor, Ports ports, trainer_protocol::NetworkRules rules)
        : ports_(ports), rules_(std::move(rules)), wakeup_(std::move(executor)) {}

    /// Reads the note, or begins anew if it is damaged; then adds each JOB that is reported. Until cancelled.
    Task<> run();
    /// Each JOB that ended, once. What was not written down when the process ended is lost.
    void ended(const statemachine::Job& job);

    [[nodiscard]] const TrackRecord& record() const { return record_; }

private:
    struct Ended {
        JobId id;
        EndedJob entry;
        std::optional<double> estimate_s;  ///< on its worker; none: that worker is not here, or not fit, any more
    };

    [[nodiscard]] std::optional<double> estimate_s(const statemachine::Job& job) const;
    Task<Result<void>> restore();
    Task<Result<void>> add_ended(Ended ended);

    Ports ports_;
    trainer_protocol::NetworkRules rules_;
    Wakeup wakeup_;
    TrackRecord record_;
    std::vector<Ended> reported_;
};

}  // namespace emeth::node
