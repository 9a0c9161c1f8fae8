// What the JOB info server knows: the contract's record of each JOB. Rebuilt from the chain at every start.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "api_client/storage_api_client.hpp"
#include "chain/log_follower.hpp"
#include "network/job_on_chain.hpp"
#include "runtime/result.hpp"
#include "runtime/task.hpp"

namespace emeth::network {

struct IndexedJob : JobOnChain {
    std::uint64_t dataset_bytes = 0;  ///< 0: not known from the Storage API yet
};

/// The logs only tell which JOBs to read again; their content is always read from the contract. A reorganisation
/// therefore costs only another read, and the index cannot drift from the chain.
class JobIndex {
public:
    static constexpr std::size_t jobs_max = 1'000'000;

    /// Both must outlive the index.
    JobIndex(chain::Chain& chain, api_client::ArtifactStore& storage)
        : chain_(chain), storage_(storage), follower_(chain, 0) {}

    /// Takes in what is new on chain. The next call retries whatever could not be read.
    Task<Result<void>> update();
    /// The JOBs that were found FAILED since the last call.
    std::set<JobId> take_failed() { return std::exchange(failed_, {}); }
    /// The `count_max` most recently requested JOBs, of `status` or of all statuses, newest first.
    [[nodiscard]] std::vector<const IndexedJob*> newest(std::optional<chain::JobStatus> status,
                                                        std::size_t count_max) const;
    [[nodiscard]] std::map<chain::JobStatus, std::size_t> count_by_status() const;
    /// The block up to which the index is complete.
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
    std::set<JobId> failed_;
    std::uint64_t block_ = 0;
};

}  // namespace emeth::network
