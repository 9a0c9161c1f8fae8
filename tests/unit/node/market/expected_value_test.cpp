// The expected value of a JOB against sums that were made by hand.
#include "node/market/expected_value.hpp"

#include <gtest/gtest.h>

#include "chain/amount.hpp"
#include "support/fake_chain.hpp"

namespace emeth::test {
namespace {

using node::ExpectedValue;
using node::ValueBasis;
using node::ValueTerm;

Wei coins(std::string_view text) {
    return chain::parse_coins(text).value();
}

/// A fee of 20 EMT, all of it locked, with penalties of a quarter and 10 EMT for the verifier.
ValueBasis basis() {
    ValueBasis made;
    made.fee = made.deposit = coins("20");
    made.gas = 582;
    made.constants = FakeChain().network;
    return made;
}

TEST(ExpectedValue, IsTheFeeLessTheVerifiers) {
    const ExpectedValue value = node::expected_value(basis());
    EXPECT_EQ(value.amount, coins("10"));
    EXPECT_TRUE(value.is_gain());
    EXPECT_EQ(node::value_text(value), "10.0000");
    EXPECT_EQ(node::terms_text(value), "fee 20.0000, verifier fee -10.0000");
}

/// The example of the header: 20 − 10 + 288,000 · 582 / 58,200 − 0.01 · 5 − 0.01 · 15 = 2,889.8.
TEST(ExpectedValue, CountsTheSlotsShareAndTheRisks) {
    ValueBasis of = basis();
    of.day = node::DayOfGas{20'000, coins("288000"), 57'618, 0};
    of.missed = of.rejected = 1'000;
    const ExpectedValue value = node::expected_value(of);
    EXPECT_EQ(node::value_text(value), "2889.8000");
    EXPECT_EQ(node::terms_text(value),
              "fee 20.0000, verifier fee -10.0000, slot share 2880.0000, missed deadline -0.0500, rejected result "
              "-0.1500");
    EXPECT_EQ(value.term(ValueTerm::missed_deadline), coins("0.05"));
    EXPECT_EQ(value.term(ValueTerm::rejected_result), coins("0.15"));
}

/// 0.00075 ALT at 40 EMT each are 0.03 EMT; 350 W for 6 h are 2.1 kWh, at 0.25 EMT each 0.525 EMT.
TEST(ExpectedValue, CountsChainGasAndElectricity) {
    ValueBasis of = basis();
    of.chain_gas_money = coins("0.00075");
    of.emt_per_alt = coins("40");
    of.draw = {350, node::DrawSource::set};
    of.trains_s = 6 * 3'600;
    of.emt_per_kwh = coins("0.25");
    const ExpectedValue value = node::expected_value(of);
    EXPECT_EQ(value.term(ValueTerm::chain_gas), coins("0.03"));
    EXPECT_EQ(value.term(ValueTerm::electricity), coins("0.525"));
    EXPECT_EQ(value.amount, coins("9.445"));
}

/// Fee 10.1 − 10 − 10% of 2.525 = −0.1525.
TEST(ExpectedValue, MayBeALoss) {
    ValueBasis of = basis();
    of.fee = of.deposit = coins("10.1");
    of.missed = 10'000;
    const ExpectedValue value = node::expected_value(of);
    EXPECT_TRUE(value.is_loss);
    EXPECT_EQ(value.amount, coins("0.1525"));
    EXPECT_EQ(node::value_text(value), "-0.1525");
}

TEST(ExpectedValue, WhatTheContractKeepsIsACost) {
    ValueBasis of = basis();
    of.kept = coins("20");
    EXPECT_EQ(node::value_text(node::expected_value(of)), "-10.0000");
    of.kept = coins("10");
    EXPECT_FALSE(node::expected_value(of).is_gain()) << "nothing is no gain";
}

TEST(ExpectedValue, PartsOfAWeiCountAgainstTheJob) {
    ValueBasis of = basis();
    of.deposit = wei(40);
    of.missed = 1;
    EXPECT_EQ(node::expected_value(of).term(ValueTerm::missed_deadline), wei(1)) << "10 wei · 1/100000";
}

TEST(ExpectedValue, HoldsForAmountsOfAnySize) {
    ValueBasis of = basis();
    for (Wei* amount : {&of.fee, &of.deposit, &of.chain_gas_money, &of.emt_per_alt, &of.emt_per_kwh, &of.kept})
        amount->bytes.fill(0xff);
    of.draw = {~std::uint64_t{0}, node::DrawSource::measured};
    of.trains_s = of.gas = ~std::uint64_t{0};
    of.missed = of.rejected = chain::rate_denominator;
    Wei reward;
    reward.bytes.fill(0xff);
    of.day = node::DayOfGas{1, reward, 1e300, 0};
    const ExpectedValue value = node::expected_value(of);
    EXPECT_TRUE(value.is_loss);
    EXPECT_EQ(value.amount, reward) << "saturated";
    EXPECT_EQ(node::explained(of).size(), node::value_terms);
}

TEST(ExpectedValue, EveryTermSaysHowItCameAbout) {
    ValueBasis of = basis();
    of.day = node::DayOfGas{20'000, coins("288000"), 57'618, 1'164};
    of.missed = 1'640;
    const auto lines = node::explained(of);
    ASSERT_EQ(lines.size(), node::value_terms);
    EXPECT_EQ(lines[0].name, "fee");
    EXPECT_EQ(lines[1].wei, "-10000000000000000000");
    EXPECT_EQ(
        lines[2].how,
        "its 582 gas, on a day that is expected to have 57618 without it, 1164 of that this node's, and that pays "
        "288000 EMT");
    EXPECT_EQ(lines[5].name, "missed deadline");
    EXPECT_EQ(lines[5].coins, "-0.0820");
    EXPECT_EQ(lines[5].how, "1.64% of a penalty of 5 EMT");
}

TEST(ExpectedValue, SaysWhereTheElectricityWasReadFrom) {
    ValueBasis of = basis();
    of.emt_per_kwh = coins("0.25");
    of.trains_s = 6 * 3'600;
    const auto how = [&] { return node::explained(of)[4].how; };
    EXPECT_EQ(how(), "the worker's machine does not tell what it draws, and watts is not set: counts nothing");
    of.draw = {350, node::DrawSource::set};
    EXPECT_EQ(how(), "2.100 kWh, by 350 W as set (watts), at 0.25 EMT each (emt_per_kwh)");
    of.draw.source = node::DrawSource::measured;
    EXPECT_EQ(how(), "2.100 kWh, by 350 W that the worker measured, at 0.25 EMT each (emt_per_kwh)");
}

}  // namespace
}  // namespace emeth::test
