// What a JOB is expected to bring: the sum by which the node decides, term by term, so that an operator can see it.
// Pure.
//
//     fee − verifier fee + slot share − chain gas · emt_per_alt − electricity
//         − P(miss) · penalty − P(reject) · (penalty + verifier fee) − what the contract keeps
//
// An example, in EMT: fee 20, verifier fee 10, 582 gas on a day of 57,618 gas with 288,000 EMT, of which nothing is the
// node's own; one of 100 deadlines missed and one of 100 results rejected, at a penalty of 5:
//
//     20 − 10 + 288,000 · 582 / 58,200 − 0 − 0 − 0.01 · 5 − 0.01 · (5 + 10) − 0 = 2,889.8
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chain/chain.hpp"
#include "node/market/slot_outlook.hpp"
#include "statemachine/types.hpp"

namespace emeth::node {

/// A share of all JOBs, in units of 1/100000 like the contract's rates.
using Chance = std::uint64_t;

enum class DrawSource : std::uint8_t { unknown, set, measured };
/// What a machine draws while it trains, and who says so.
struct Draw {
    std::uint64_t watts = 0;
    DrawSource source = DrawSource::unknown;
};

/// What the sum is made of.
struct ValueBasis {
    Wei fee, deposit;       ///< EMT wei
    std::uint64_t gas = 0;  ///< of the contract's cost model
    chain::Constants constants;
    std::optional<DayOfGas> day;  ///< on which it would be verified; none: not known, and its share counts nothing
    Wei chain_gas_money;          ///< ALT wei, for all transactions of a JOB
    Wei emt_per_alt;              ///< EMT wei that one ALT is worth
    Draw draw{};                  ///< of the worker that it is estimated for
    std::uint64_t trains_s = 0;   ///< for so long
    Wei emt_per_kwh;              ///< EMT wei
    Chance missed = 0, rejected = 0;
    Wei kept;  ///< by a contract that pays less than its rules say, EMT wei
};

enum class ValueTerm : std::uint8_t {
    fee,
    verifier_fee,
    slot_share,
    chain_gas,
    electricity,
    missed_deadline,
    rejected_result,
    kept_by_contract,
};
inline constexpr std::size_t value_terms = 8;

struct ExpectedValue {
    std::array<Wei, value_terms> terms{};  ///< by ValueTerm, EMT wei without sign
    Wei amount{};                          ///< the sum, EMT wei without its sign
    bool is_loss = false;                  ///< the sum is negative

    [[nodiscard]] const Wei& term(ValueTerm which) const { return terms.at(static_cast<std::size_t>(which)); }
    [[nodiscard]] bool is_gain() const { return !is_loss && !amount.is_zero(); }
};

/// For amounts of any size.
ExpectedValue expected_value(const ValueBasis& basis);

/// EMT with four decimals and a sign if it is negative, for people: "9.8000".
std::string value_text(const ExpectedValue& value);
/// "fee 20.0000, verifier fee -10.0000, …", without the terms that are zero.
std::string terms_text(const ExpectedValue& value);

/// One term, for people.
struct ValueLine {
    std::string_view name;
    std::string wei;    ///< decimal, with a '-' before a cost
    std::string coins;  ///< like value_text()
    std::string how;    ///< with the numbers that it came of
};
/// All terms, also those that are zero.
std::vector<ValueLine> explained(const ValueBasis& basis);

}  // namespace emeth::node
