// The two kinds of gas. What the contract calls gas measures the work of a dataset: fees, slots and the time to finish
// are derived from it. Chain gas is what transactions use, and is paid for in ALT.
#pragma once

#include <algorithm>
#include <cstdint>

#include "chain/chain.hpp"
#include "runtime/result.hpp"
#include "runtime/task.hpp"
#include "statemachine/types.hpp"

namespace emeth::chain {

/// The published complexity of the language-model program: gas = MiB * 5822 / 1000.
inline constexpr std::uint64_t language_model_complexity = 5'822;

/// Whole mebibytes, the unit in which the contract is asked for the gas of a dataset: at least one.
constexpr std::uint64_t dataset_mebibytes(std::uint64_t bytes) {
    return std::max<std::uint64_t>(1, bytes >> 20);
}

/// What the published contract returns; a program that can query the contract does so instead (dataset_gas() below).
constexpr std::uint64_t estimated_gas(std::uint64_t mebibytes, std::uint64_t complexity) {
    return mebibytes * complexity / 1'000;
}

/// Gas of the language-model program on a dataset of `bytes`, as the published contract has it.
constexpr std::uint64_t published_dataset_gas(std::uint64_t bytes) {
    return estimated_gas(dataset_mebibytes(bytes), language_model_complexity);
}

/// Gas of the language-model program on a dataset of `bytes`, according to the contract. `chain` must outlive the call.
Task<Result<std::uint64_t>> dataset_gas(Chain& chain, std::uint64_t bytes);

/// Seconds that a worker of `power_capacity` needs: gas * 1,000,000 / powerCapacity for the published 2 epochs,
/// proportionally more for more epochs. Rounded up; at most 10^12, also for a capacity of 0.
std::int64_t finish_estimate_s(std::uint64_t gas, std::uint64_t power_capacity, std::uint32_t epochs);

/// Fixed, since process cannot be estimated before its approve is mined. A test on our contracts keeps approve below
/// half of its limit and process below two thirds; gas that is not used is not paid for.
inline constexpr std::uint64_t approve_gas_limit = 100'000;
inline constexpr std::uint64_t process_gas_limit = 400'000;
/// What a wallet must be able to pay for a submit: estimate plus margin.
inline constexpr std::uint64_t submit_gas_max = 250'000;
/// What it must be able to pay for all transactions of one JOB.
inline constexpr std::uint64_t chain_gas_per_job = approve_gas_limit + process_gas_limit + submit_gas_max;

/// ALT wei for this much chain gas at this price; saturates at the largest amount.
Wei gas_money(const Wei& gas_price, std::uint64_t chain_gas);

}  // namespace emeth::chain
