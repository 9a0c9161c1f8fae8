#include "chain/gas.hpp"

#include <algorithm>
#include <cmath>

#include "chain/amount.hpp"

namespace emeth::chain {

Task<Result<std::uint64_t>> dataset_gas(Chain& chain, std::uint64_t bytes) {
    co_return co_await chain.estimated_gas(dataset_mebibytes(bytes), language_model_complexity);
}

Wei gas_money(const Wei& gas_price, std::uint64_t chain_gas) {
    // The rate stays within bounds: a node has at most a few thousand JOBs under way.
    return rate_of(gas_price, chain_gas * rate_denominator);
}

std::int64_t finish_estimate_s(std::uint64_t gas, std::uint64_t power_capacity, std::uint32_t epochs) {
    constexpr double longest_s = 1e12;  // 30,000 years: keeps sums of times far from overflow
    if (power_capacity == 0) return static_cast<std::int64_t>(longest_s);
    const double two_epochs_s = static_cast<double>(gas) * 1e6 / static_cast<double>(power_capacity);
    const double seconds = two_epochs_s * std::max(epochs, 1U) / 2;
    return static_cast<std::int64_t>(std::ceil(std::min(seconds, longest_s)));
}

}  // namespace emeth::chain
