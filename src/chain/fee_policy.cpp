#include "chain/fee_policy.hpp"

#include <fmt/format.h>

#include <limits>

#include "chain/amount.hpp"

namespace emeth::chain {
Wei default_priority_fee() {
    return to_wei(std::uint64_t{1'000'000'000});
}

Fees dynamic_fees(const Wei& base_fee, const std::optional<Wei>& suggested_tip) {
    const Wei tip = suggested_tip.value_or(default_priority_fee());
    return {saturating_sum(saturating_sum(base_fee, base_fee), tip), tip};
}

Fees legacy_fees(const Wei& gas_price) {
    return {gas_price, std::nullopt};
}

Result<Fees> within_ceiling(const Fees& fees, const Wei& ceiling) {
    if (fees.max_fee_per_gas <= ceiling) return fees;
    if (fees.priority_fee_per_gas) {
        // The offer is two base fees and a tip, so half of the sum of offer and tip is one base fee and one tip.
        using Unbounded = boost::multiprecision::cpp_int;
        const Unbounded needed =
            (Unbounded(to_u256(fees.max_fee_per_gas)) + Unbounded(to_u256(*fees.priority_fee_per_gas)) + 1) / 2;
        if (needed <= Unbounded(to_u256(ceiling))) return Fees{ceiling, fees.priority_fee_per_gas};
    }
    return transient_error(fmt::format(
        "the endpoint asks {} wei per gas, above the ceiling of {} wei; waiting for it to fall (the ceiling "
        "is the setting gas_price_max_gwei)",
        format_wei(fees.max_fee_per_gas), format_wei(ceiling)));
}

Wei gwei_to_wei(std::uint64_t gwei) {
    return to_wei(to_u256(to_wei(gwei)) * 1'000'000'000);
}

std::uint64_t with_gas_margin(std::uint64_t estimate) {
    const std::uint64_t margin = estimate / 4;
    const std::uint64_t largest = std::numeric_limits<std::uint64_t>::max();
    return estimate > largest - margin ? largest : estimate + margin;
}

}  // namespace emeth::chain
