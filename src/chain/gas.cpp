#include "chain/gas.hpp"

#include "chain/amount.hpp"

namespace emeth::chain {

Task<Result<std::uint64_t>> dataset_gas(Chain& chain, std::uint64_t bytes) {
    co_return co_await chain.estimated_gas(dataset_mebibytes(bytes), language_model_complexity);
}

Wei gas_money(const Wei& gas_price, std::uint64_t chain_gas) {
    // The rate stays within bounds: a node has at most a few thousand JOBs under way.
    return rate_of(gas_price, chain_gas * rate_denominator);
}

}  // namespace emeth::chain
