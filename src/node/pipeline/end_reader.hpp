// What the transaction that ended a JOB moved, and when it was mined. Both are told to the operator, and decide
// nothing: an endpoint that shows the end in its logs, but keeps the receipt or the block to itself, must not keep the
// JOB from ending. So after a number of failures they count as unknown. Io thread only.
#pragma once

#include <cstdint>

#include "chain/chain.hpp"

namespace emeth::node {

class EndReader {
public:
    /// `chain` must outlive it. `failures_max`: in all, after which nothing more is waited for.
    EndReader(chain::Chain& chain, const JobId& job, std::uint32_t failures_max)
        : chain_(chain), job_(job), failures_max_(failures_max) {}

    /// As Chain::settlement(); all of it unknown in the end.
    Task<Result<chain::Settlement>> settlement(Hash256 transaction, Address node);
    /// Chain time of the block; 0, unknown, in the end.
    Task<Result<std::int64_t>> block_unix_s(std::uint64_t block);

private:
    [[nodiscard]] bool gives_up(const Error& failure);

    chain::Chain& chain_;
    JobId job_;
    std::uint32_t failures_max_;
    std::uint32_t failures_ = 0;
};

}  // namespace emeth::node
