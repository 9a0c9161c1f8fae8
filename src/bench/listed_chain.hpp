// A chain in memory with many open JOBs, for measurements of what follows a chain: it answers at once, as no endpoint
// does. Io thread only.
#pragma once

#include <cstdint>

#include "chain/rpc/rpc_chain.hpp"
#include "storage/job_list.hpp"

namespace emeth::bench {

/// JOB `number` as it might be on chain.
storage::IndexedJob listed_job(std::uint64_t number);

/// The endpoint of what is not asked here.
struct Nobody {
    chain::RpcClient rpc;
    Nobody();
};

/// Block n has the requests of JOBs (n-1) · jobs_per_block and the following ones.
class ListedChain : private Nobody, public chain::RpcChain {
public:
    static constexpr std::uint64_t jobs_per_block = 20;

    explicit ListedChain(std::uint64_t jobs);

    Task<Result<std::uint64_t>> chain_id() override;
    Task<Result<chain::Block>> latest_block() override;
    Task<Result<std::optional<chain::Block>>> block(std::uint64_t number) override;
    Task<Result<std::vector<chain::Log>>> core_logs(std::uint64_t from_block, std::uint64_t to_block) override;
    Task<Result<chain::JobRecord>> job(JobId id) override;
    Task<Result<chain::JobDetails>> job_details(JobId id) override;
    Task<Result<chain::JobAssign>> job_assign(JobId id) override;

private:
    [[nodiscard]] chain::Block header(std::uint64_t number) const;

    std::uint64_t jobs_;
};

}  // namespace emeth::bench
