// The chain's earlier states over JSON-RPC. Io thread only.
#pragma once

#include "chain/archive.hpp"
#include "chain/rpc/rpc_client.hpp"

namespace emeth::chain {

class RpcArchive final : public Archive {
public:
    /// `rpc` must outlive it.
    RpcArchive(RpcClient& rpc, Address token) : rpc_(rpc), token_(token) {}

    Task<Result<Wei>> emt_balance_at(Address account, std::uint64_t block) override;
    Task<Result<Wei>> alt_balance_at(Address account, std::uint64_t block) override;
    Task<Result<std::uint64_t>> transaction_count_at(Address account, std::uint64_t block) override;
    Task<Result<std::vector<Log>>> emt_transfers(Address account, std::uint64_t from_block,
                                                 std::uint64_t to_block) override;

private:
    RpcClient& rpc_;
    Address token_;
};

}  // namespace emeth::chain
