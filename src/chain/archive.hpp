// What the chain was at an earlier block, for whoever keeps books: a second port beside Chain (chain.hpp), implemented
// over JSON-RPC in rpc/.
#pragma once

#include <cstdint>
#include <vector>

#include "chain/chain.hpp"

namespace emeth::chain {

/// Many endpoints keep the balances of the newest blocks alone (geth: of 128): they answer the three about older ones
/// with an Error, whose kind differs from endpoint to endpoint.
class Archive {
public:
    virtual ~Archive() = default;
    /// Wei, at the end of the block. Zero before the token's deployment.
    virtual Task<Result<Wei>> emt_balance_at(Address account, std::uint64_t block) = 0;
    virtual Task<Result<Wei>> alt_balance_at(Address account, std::uint64_t block) = 0;
    /// How many transactions of the account are in the blocks up to this one.
    virtual Task<Result<std::uint64_t>> transaction_count_at(Address account, std::uint64_t block) = 0;
    /// Transfer events of EMT from or to the account in [from_block, to_block], oldest first, each once.
    virtual Task<Result<std::vector<Log>>> emt_transfers(Address account, std::uint64_t from_block,
                                                         std::uint64_t to_block) = 0;
};

}  // namespace emeth::chain
