// Counts what happens to JOBs, where it becomes durable: a JobStore in front of another one.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "runtime/histogram.hpp"
#include "storage/job_store.hpp"

namespace emeth::node {

/// What happened to this node's JOBs since the process started. A verdict that a reorganisation takes back and repeats
/// counts twice; so does what it pays. A commit that failed and turns out to be durable later does not count.
struct JobTally {
    static constexpr std::array stay_bounds_s{1.0,     10.0,     60.0,     300.0,    900.0,    3'600.0,
                                              7'200.0, 21'600.0, 43'200.0, 86'400.0, 172'800.0};
    using Change = std::pair<statemachine::State, statemachine::State>;

    std::uint64_t discovered = 0;
    std::map<Change, std::uint64_t> transitions;       ///< from one state to another
    std::map<statemachine::State, Histogram> stays_s;  ///< how long a JOB was in the state that it left
    std::map<statemachine::FailureClass, std::uint64_t> failures;

    double earned_emt = 0;  ///< by verdicts, beyond the deposit; what is unknown is left out
    double lost_emt = 0;    ///< of deposits, likewise

    std::uint64_t dataset_bytes = 0;   ///< that workers have fetched and prepared
    std::uint64_t artifact_bytes = 0;  ///< that the Storage API has completely
    std::uint64_t evidence_bytes = 0;  ///< likewise

    std::map<JobId, std::int64_t> checkpoints_unix_ms;  ///< when the last one of a JOB in training was saved
};

/// Thread-safe, like every JobStore.
class CountingJobStore final : public storage::JobStore {
public:
    /// `inner` must outlive it.
    explicit CountingJobStore(storage::JobStore& inner) : inner_(inner) {}

    [[nodiscard]] JobTally tally() const;

    Result<statemachine::Job> create(const statemachine::Discovered& discovered, std::int64_t at_unix_ms) override;
    Result<Applied> apply(const statemachine::Job& job, const statemachine::Event& event,
                          const storage::SideWrites& side) override;
    Result<std::optional<statemachine::Job>> find(const JobId& id) override { return inner_.find(id); }
    Result<std::vector<statemachine::Job>> active() override { return inner_.active(); }
    Result<void> for_each(const std::function<bool(const statemachine::Job&)>& visit) override {
        return inner_.for_each(visit);
    }
    Result<std::vector<statemachine::Job>> page(const std::optional<JobId>& after, std::size_t count) override {
        return inner_.page(after, count);
    }
    Result<std::vector<storage::HistoryEntry>> history(const JobId& id) override { return inner_.history(id); }
    Result<void> verify(const JobId& id) override { return inner_.verify(id); }

private:
    storage::JobStore& inner_;
    mutable std::mutex mutex_;  ///< guards tally_
    JobTally tally_;
};

/// Adds an accepted event, which made `after` of `before`. Pure.
void count(JobTally& tally, const statemachine::Job& before, const statemachine::Event& event,
           const statemachine::Job& after);

}  // namespace emeth::node
