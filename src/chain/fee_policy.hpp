// What to offer for gas: pure decisions based on what the endpoint said.
#pragma once

#include <optional>

#include "chain/chain.hpp"
#include "runtime/result.hpp"

namespace emeth::chain {

/// The tip if the endpoint suggests none: 1 gwei.
Wei default_priority_fee();

/// EIP-1559: twice the latest base fee plus the tip, so that six full blocks in a row do not price the transaction out.
/// `suggested_tip` none: default_priority_fee().
Fees dynamic_fees(const Wei& base_fee, const std::optional<Wei>& suggested_tip);

/// For chains whose blocks have no base fee.
Fees legacy_fees(const Wei& gas_price);

/// The offer, capped at `ceiling` per gas: an endpoint must not be able to spend the wallet on gas. A dynamic offer is
/// reduced to the ceiling if that still covers the latest base fee and the tip. Otherwise a transient Error.
Result<Fees> within_ceiling(const Fees& fees, const Wei& ceiling);

/// Default and maximum of the setting gas_price_max_gwei; anything above the maximum is taken for a typing error.
inline constexpr std::uint64_t gas_price_max_gwei_default = 10'000;
inline constexpr std::uint64_t gas_price_max_gwei_limit = 1'000'000'000;

Wei gwei_to_wei(std::uint64_t gwei);

/// An estimate plus a quarter, since the state may change between the estimate and the block;
/// saturates at the largest number.
std::uint64_t with_gas_margin(std::uint64_t estimate);

}  // namespace emeth::chain
