// What the JOB info server knows: what the contract says of each JOB. Rebuilt from the chain at every start.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "api_client/storage_api_client.hpp"
#include "chain/log_follower.hpp"
#include "network/job_on_chain.hpp"
#include "runtime/result.hpp"
#include "runtime/task.hpp"

namespace emeth::network {

struct IndexedJob : JobOnChain {
    std::uint64_t dataset_bytes = 0;  ///< 0: the Storage API has not said yet
};

/// The logs only say which JOBs to read again; what a JOB is, the contract says. So a reorganisation costs another
/// read, and nothing can drift.
class JobIndex {
public:
    static constexpr std::size_t jobs_max = 1'000'000;

    /// Both must outlive the index.
    JobIndex(chain::Chain& chain, api_client::ArtifactStore& storage)
        : chain_(chain), storage_(storage), follower_(chain, 0) {}

    /// Takes what is new on chain. What could not be read this time is read by the next call.
    Task<Result<void>> update();
    /// Of `status`, or all; the newest `count_max` by their time of request, newest first.
    [[nodiscard]] std::vector<const IndexedJob*> newest(std::optional<chain::JobStatus> status,
                                                        std::size_t count_max) const;
    /// Up to which block the index is complete.
    [[nodiscard]] std::uint64_t block() const { return block_; }

private:
    Task<Result<void>> follow();
    void note(const chain::Log& log);
    Task<Result<void>> look_at(JobId id);

    chain::Chain& chain_;
    api_client::ArtifactStore& storage_;
    chain::LogFollower follower_;
    std::map<JobId, IndexedJob> jobs_;
    std::map<JobId, std::uint64_t> last_log_;  ///< block of the newest log
    std::set<JobId> to_look_at_;
    std::uint64_t block_ = 0;
};

}  // namespace emeth::network
