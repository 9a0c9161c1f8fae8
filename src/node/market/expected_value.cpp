#include "node/market/expected_value.hpp"

#include <fmt/format.h>

#include <limits>

#include "chain/amount.hpp"

namespace emeth::node {
namespace {

using chain::format_coins;
using chain::U256;
using Wide = boost::multiprecision::checked_cpp_int;  // sums and products of amounts, with a sign and without a bound

constexpr std::uint64_t watt_seconds_per_kwh = 3'600'000;

Wide wide(const Wei& amount) {
    return Wide(chain::to_u256(amount));
}

Wei saturated(const Wide& amount) {
    static const Wide largest(std::numeric_limits<U256>::max());
    return chain::to_wei(U256(amount < largest ? amount : largest));
}

/// The contract keeps whole wei; a part of a wei of expectation is rounded against the JOB.
Wei rounded_up(const Wide& dividend, std::uint64_t divisor) {
    return saturated((dividend + divisor - 1) / divisor);
}

Wei timeout_penalty(const ValueBasis& basis) {
    return chain::rate_of(basis.deposit, basis.constants.timeout_penalty_rate);
}

Wei failed_penalty(const ValueBasis& basis) {
    return chain::rate_of(basis.deposit, basis.constants.failed_penalty_rate);
}

Wei expectation(const Wei& loss, Chance chance) {
    if (chance == 0) return {};
    return rounded_up(wide(loss) * chance, chain::rate_denominator);
}

Wei chain_gas(const ValueBasis& basis) {
    constexpr std::uint64_t coin = 1'000'000'000'000'000'000;
    if (basis.emt_per_alt.is_zero()) return {};
    return rounded_up(wide(basis.chain_gas_money) * wide(basis.emt_per_alt), coin);
}

Wei electricity(const ValueBasis& basis) {
    if (basis.emt_per_kwh.is_zero()) return {};
    const Wide watt_seconds = Wide(basis.draw.watts) * basis.trains_s;
    return rounded_up(watt_seconds * wide(basis.emt_per_kwh), watt_seconds_per_kwh);
}

constexpr std::array<ValueTerm, value_terms> all_terms{
    ValueTerm::fee,         ValueTerm::verifier_fee,    ValueTerm::slot_share,      ValueTerm::chain_gas,
    ValueTerm::electricity, ValueTerm::missed_deadline, ValueTerm::rejected_result, ValueTerm::kept_by_contract};

bool is_cost(ValueTerm term) {
    return term != ValueTerm::fee && term != ValueTerm::slot_share;
}

std::string_view name(ValueTerm term) {
    switch (term) {
        case ValueTerm::fee:
            return "fee";
        case ValueTerm::verifier_fee:
            return "verifier fee";
        case ValueTerm::slot_share:
            return "slot share";
        case ValueTerm::chain_gas:
            return "chain gas";
        case ValueTerm::electricity:
            return "electricity";
        case ValueTerm::missed_deadline:
            return "missed deadline";
        case ValueTerm::rejected_result:
            return "rejected result";
        case ValueTerm::kept_by_contract:
            return "kept by the contract";
    }
    return "";
}

std::string signed_coins(const Wei& amount, bool is_negative) {
    return fmt::format("{}{:.4f}", is_negative && !amount.is_zero() ? "-" : "", chain::approximate_coins(amount));
}

std::string percent(Chance chance) {
    return fmt::format("{:.2f}%", static_cast<double>(chance) * 100 / chain::rate_denominator);
}

std::string slot_explained(const ValueBasis& basis) {
    if (!basis.day) return "nobody knows yet how much gas shares the day's reward: counts nothing";
    return fmt::format(
        "its {} gas, on a day that is expected to have {:.0f} without it, {:.0f} of that this node's, and "
        "that pays {} EMT",
        basis.gas, basis.day->total_gas, basis.day->own_gas, format_coins(basis.day->reward));
}

std::string electricity_explained(const ValueBasis& basis) {
    const Draw& draw = basis.draw;
    if (draw.source == DrawSource::unknown)
        return "the worker's machine does not tell what it draws, and watts is not set: counts nothing";
    const double kwh = static_cast<double>(draw.watts) * static_cast<double>(basis.trains_s) / watt_seconds_per_kwh;
    return fmt::format("{:.3f} kWh, by {} W {}, at {} EMT each (emt_per_kwh)", kwh, draw.watts,
                       draw.source == DrawSource::set ? "as set (watts)" : "that the worker measured",
                       format_coins(basis.emt_per_kwh));
}

std::string how(ValueTerm term, const ValueBasis& basis) {
    switch (term) {
        case ValueTerm::fee:
            return "as requested";
        case ValueTerm::verifier_fee:
            return "taken from the fee by the contract";
        case ValueTerm::slot_share:
            return slot_explained(basis);
        case ValueTerm::chain_gas:
            return fmt::format("at most {} ALT, at {} EMT each (emt_per_alt)", format_coins(basis.chain_gas_money),
                               format_coins(basis.emt_per_alt));
        case ValueTerm::electricity:
            return electricity_explained(basis);
        case ValueTerm::missed_deadline:
            return fmt::format("{} of a penalty of {} EMT", percent(basis.missed),
                               format_coins(timeout_penalty(basis)));
        case ValueTerm::rejected_result:
            return fmt::format("{} of a penalty of {} EMT and the verifier's fee", percent(basis.rejected),
                               format_coins(failed_penalty(basis)));
        case ValueTerm::kept_by_contract:
            return "what it kept of another verified JOB, in proportion (shortfall_max)";
    }
    return "";
}

}  // namespace

ExpectedValue expected_value(const ValueBasis& basis) {
    const Wei rejected = chain::saturating_sum(failed_penalty(basis), basis.constants.verifier_fee);
    ExpectedValue value{{basis.fee, basis.constants.verifier_fee, basis.day ? slot_share(*basis.day, basis.gas) : Wei{},
                         chain_gas(basis), electricity(basis), expectation(timeout_penalty(basis), basis.missed),
                         expectation(rejected, basis.rejected), basis.kept}};
    Wide sum = 0;
    for (const ValueTerm term : all_terms)
        if (is_cost(term))
            sum -= wide(value.term(term));
        else
            sum += wide(value.term(term));
    value.is_loss = sum < 0;
    value.amount = saturated(value.is_loss ? Wide(-sum) : sum);
    return value;
}

std::string value_text(const ExpectedValue& value) {
    return signed_coins(value.amount, value.is_loss);
}

std::string terms_text(const ExpectedValue& value) {
    std::string text;
    for (const ValueTerm term : all_terms)
        if (const Wei& amount = value.term(term); !amount.is_zero())
            text += fmt::format("{}{} {}", text.empty() ? "" : ", ", name(term), signed_coins(amount, is_cost(term)));
    return text;
}

std::vector<ValueLine> explained(const ValueBasis& basis) {
    const ExpectedValue value = expected_value(basis);
    std::vector<ValueLine> lines;
    for (const ValueTerm term : all_terms) {
        const Wei& amount = value.term(term);
        const std::string_view sign = is_cost(term) && !amount.is_zero() ? "-" : "";
        lines.push_back({name(term), fmt::format("{}{}", sign, chain::format_wei(amount)),
                         signed_coins(amount, is_cost(term)), how(term, basis)});
    }
    return lines;
}

}  // namespace emeth::node
