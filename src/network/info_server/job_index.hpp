// Keeps the list of JOBs up to date with the chain. Io thread only.
//
// The logs only tell which JOBs to read again; their content is always read from the contract, so a reorganisation
// costs only another read, and the list cannot drift from the chain. JOBs are read as the contract has them in the
// latest block, which may be ahead of the logs that were read. So each is kept with the latest block of that moment,
// and read again if any block up to that one turns out to have been replaced; a restart changes nothing of this.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <vector>

#include "chain/log_follower.hpp"
#include "runtime/blocking_pool.hpp"
#include "runtime/result.hpp"
#include "runtime/task.hpp"
#include "storage/job_list.hpp"

namespace emeth::network {

struct JobIndexOptions {
    std::uint64_t start_block = 0;            ///< the contract has no logs before it
    std::uint64_t range_blocks_max = 2'000;   ///< whose logs are asked for at once
    Address core;                             ///< the contract, of which the list is
    std::optional<std::uint64_t> chain_id{};  ///< the chain must be this one, if it is known
};

class JobIndex {
public:
    using Changed = std::function<void(const storage::ListChanges& changes)>;

    /// `chain`, `list` and `pool` must outlive it. `changed` is told of each change once it is durable.
    JobIndex(asio::any_io_executor executor, chain::Chain& chain, storage::JobList& list, BlockingPool& pool,
             JobIndexOptions options, Changed changed);

    /// Takes in what is new on chain. After an Error, the next call goes on where this one stopped.
    Task<Result<void>> update();
    /// The block up to which the list is complete.
    [[nodiscard]] std::uint64_t block() const { return position_.block; }
    [[nodiscard]] std::int64_t block_unix_s() const { return position_.block_unix_s; }
    /// The latest block of the chain that was heard of.
    [[nodiscard]] const chain::Block& latest() const { return latest_; }

private:
    Task<Result<void>> begin();
    Task<Result<bool>> advance();
    Task<Result<bool>> is_canonical(std::uint64_t number, Hash256 hash);
    Task<Result<std::vector<JobId>>> seen_since(std::uint64_t block);
    Task<Result<void>> read_again(std::set<JobId> jobs, std::optional<chain::Block> end, bool trusted);
    Task<Result<void>> commit(storage::ListUpdate update);

    asio::any_io_executor executor_;
    chain::Chain& chain_;
    storage::JobList& list_;
    BlockingPool& pool_;
    JobIndexOptions options_;
    Changed changed_;
    std::optional<chain::LogFollower> follower_;  ///< none: nothing was heard of the chain yet
    storage::ListPosition position_;
    chain::Block latest_;
};

}  // namespace emeth::network
