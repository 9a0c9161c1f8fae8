// Logs of one contract, however small the ranges that the endpoint admits. Io thread only.
#pragma once

#include <boost/json/array.hpp>
#include <cstdint>
#include <vector>

#include "chain/chain.hpp"
#include "chain/rpc/rpc_client.hpp"

namespace emeth::chain::rpc {

/// Those in [from_block, to_block] that match `topics`, oldest first. `rpc` must outlive the call.
Task<Result<std::vector<Log>>> logs_in_range(RpcClient& rpc, Address contract, boost::json::array topics,
                                             std::uint64_t from_block, std::uint64_t to_block);

}  // namespace emeth::chain::rpc
