#include "node/doctor/judgements.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "chain/amount.hpp"
#include "node_world.hpp"
#include "runtime/json_fields.hpp"

namespace emeth::test {
namespace {

using node::Verdict;
using testing::HasSubstr;
using testing::Not;

const Address wallet = Address::parse("0x7e5f4552091a69125d5dfcb7b8c2659029395bdf").value();

Wei coins(const std::string& text) {
    return chain::parse_coins(text).value();
}

chain::Constants round_3() {
    chain::Constants constants;
    constants.core = repeated<Address>(1);
    constants.token = repeated<Address>(2);
    constants.verifier = repeated<Address>(3);
    constants.deposit_rate = 100'000;
    constants.timeout_penalty_rate = constants.decline_penalty_rate = constants.failed_penalty_rate = 25'000;
    constants.verifier_fee = coins("10");
    return constants;
}

TEST(JudgeContract, RoundThreesRatesAreRight) {
    const auto finding = node::judge_contract(round_3());
    EXPECT_EQ(finding.verdict, Verdict::ok);
    EXPECT_THAT(finding.text, HasSubstr("penalties 25%, verifier's fee 10 EMT"));
    EXPECT_TRUE(finding.remedy.empty());
}

TEST(JudgeContract, EachRateThatDiffersIsNamedWithWhatItShouldBe) {
    auto constants = round_3();
    constants.timeout_penalty_rate = 50'000;
    constants.verifier_fee = coins("12.5");
    const auto finding = node::judge_contract(constants);
    EXPECT_EQ(finding.verdict, Verdict::warning);
    EXPECT_THAT(finding.text,
                HasSubstr("timeout penalty 50% (Round 3: 25%); verifier's fee 12.5 EMT (Round 3: 10 EMT)"));
    EXPECT_THAT(finding.text, Not(HasSubstr("decline")));
    EXPECT_FALSE(finding.remedy.empty());
}

TEST(JudgeContract, WithoutAVerifierNothingIsEverPaid) {
    auto constants = round_3();
    constants.verifier = Address{};
    EXPECT_EQ(node::judge_contract(constants).verdict, Verdict::problem);
}

TEST(JudgeHead, AnOldBlockIsAWarning) {
    chain::Block head;
    head.timestamp_unix_s = 1'000'000;
    EXPECT_EQ(node::judge_head(head, 1'000'600'000, Milliseconds(3)).verdict, Verdict::ok);
    const auto finding = node::judge_head(head, 1'000'700'000, Milliseconds(3));
    EXPECT_EQ(finding.verdict, Verdict::warning);
    EXPECT_THAT(finding.text, HasSubstr("11 min old"));
    EXPECT_EQ(node::judge_head(head, 999'000'000, Milliseconds(3)).verdict, Verdict::ok) << "the clock is another line";
}

node::NodeView view_of(const std::string& emt, const std::string& alt) {
    node::NodeView view;
    view.constants = round_3();
    view.emt_free = coins(emt);
    view.alt_free = coins(alt);
    view.gas_price = chain::to_wei(std::uint64_t{1'000'000'000});
    return view;
}

TEST(JudgeMoney, MustBeEnoughForTheSmallestDeposit) {
    node::SelectionPolicy policy;
    policy.min_fee = coins("10");
    EXPECT_EQ(node::judge_emt(view_of("10", "1"), policy, wallet, false).verdict, Verdict::ok);
    const auto finding = node::judge_emt(view_of("9.9", "1"), policy, wallet, false);
    EXPECT_EQ(finding.verdict, Verdict::problem);
    EXPECT_THAT(finding.text, HasSubstr("has 9.9 EMT to spare"));
    EXPECT_THAT(finding.text, HasSubstr("send EMT to it"));
}

TEST(JudgeMoney, ThatIsLockedInDepositsComesBack) {
    node::SelectionPolicy policy;
    policy.min_fee = coins("10");
    EXPECT_EQ(node::judge_emt(view_of("0", "1"), policy, wallet, true).verdict, Verdict::warning);
    EXPECT_EQ(node::judge_alt(view_of("0", "0"), wallet, true).verdict, Verdict::warning);
}

TEST(JudgeMoney, MustBeEnoughForTheGasOfOneJob) {
    EXPECT_EQ(node::judge_alt(view_of("0", "0.00075"), wallet, false).verdict, Verdict::ok);
    const auto finding = node::judge_alt(view_of("0", "0.0007"), wallet, false);
    EXPECT_EQ(finding.verdict, Verdict::problem);
    EXPECT_THAT(finding.text, HasSubstr("need 0.00075 ALT"));
}

TEST(JudgeAllowance, ACapBelowEveryDepositKeepsAllJobsOut) {
    constexpr std::uint64_t half = 50'000;
    node::SelectionPolicy policy;
    policy.min_fee = coins("10");
    EXPECT_THAT(node::judge_allowance(coins("3"), policy, half).text, HasSubstr("3 EMT for EmethCore; each deposit"));
    policy.allowance_cap = coins("5");
    auto finding = node::judge_allowance(coins("3"), policy, half);
    EXPECT_EQ(finding.verdict, Verdict::ok);
    EXPECT_EQ(finding.text, "3 EMT for EmethCore; a deposit sets it to 5 EMT again when it is used up or above that");
    policy.allowance_cap = coins("4.5");
    finding = node::judge_allowance(coins("3"), policy, half);
    EXPECT_EQ(finding.verdict, Verdict::problem);
    EXPECT_THAT(finding.text, HasSubstr("cap of 4.5 EMT is below the smallest deposit (of min_fee), 5 EMT"));
    EXPECT_THAT(finding.remedy, HasSubstr("exact"));
}

TEST(JudgeWalletUse, TransactionsOfSomebodyElseAreAWarning) {
    EXPECT_EQ(node::judge_wallet_use(wallet, 0, std::nullopt).verdict, Verdict::ok);
    EXPECT_EQ(node::judge_wallet_use(wallet, 5, 4).verdict, Verdict::ok);
    EXPECT_EQ(node::judge_wallet_use(wallet, 6, 4).verdict, Verdict::warning);
    EXPECT_EQ(node::judge_wallet_use(wallet, 1, std::nullopt).verdict, Verdict::warning);
}

TEST(JudgePayouts, ARewardThatStillWaitsAnHourAfterMidnightIsAWarning) {
    constexpr std::int64_t midnight = 20'421 * chain::slot_seconds;  // 2025-11-29
    chain::Slot yesterday, before;
    yesterday.number = 20'420;
    before.number = 20'419;
    EXPECT_EQ(node::judge_payouts({}, midnight).verdict, Verdict::ok);
    EXPECT_EQ(node::judge_payouts({yesterday, before}, midnight + 7'200).verdict, Verdict::ok);
    yesterday.own_balance = coins("0.000000000000000005");
    EXPECT_EQ(node::judge_payouts({yesterday, before}, midnight + 60).verdict, Verdict::ok) << "it is just over";
    const auto finding = node::judge_payouts({yesterday, before}, midnight + 7'200);
    EXPECT_EQ(finding.verdict, Verdict::warning);
    EXPECT_THAT(finding.text, HasSubstr("the rewards of 2025-11-28 wait"));
    EXPECT_THAT(finding.remedy, HasSubstr("emeth withdraw"));
}

TEST(JudgeClock, IsAProblemOnlyWhereItPreventsDeposits) {
    EXPECT_EQ(node::judge_clock({true, ""}, 0, true).verdict, Verdict::ok);
    EXPECT_THAT(node::judge_clock({true, ""}, -2'500, true).text, HasSubstr("-2.5 s off"));
    EXPECT_EQ(node::judge_clock({true, "2 min behind"}, 120'000, true).verdict, Verdict::warning);
    EXPECT_EQ(node::judge_clock({false, "2 h behind"}, 0, true).verdict, Verdict::problem);
    EXPECT_EQ(node::judge_clock({true, ""}, 0, false).verdict, Verdict::warning) << "nobody said what time it is";
}

TEST(JudgeExtensions, WhatIsMissingIsNamed) {
    EXPECT_EQ(node::judge_extensions({true, true, true}).verdict, Verdict::ok);
    const auto finding = node::judge_extensions({true, true, false});
    EXPECT_EQ(finding.verdict, Verdict::warning);
    EXPECT_THAT(finding.text, HasSubstr("does not offer reasons of rejections, but digests of uploads"));
}

node::Verdict verdict_on(bool is_folder, uid_t owner, mode_t mode) {
    return node::judge_data_folder("/data", node::FolderState{is_folder, owner, mode}, 1'000).verdict;
}

TEST(JudgeDataFolder, IsTheNodesAlone) {
    EXPECT_EQ(node::judge_data_folder("/data", std::nullopt, 1'000).verdict, Verdict::ok);
    EXPECT_EQ(verdict_on(true, 1'000, 0700), Verdict::ok);
    EXPECT_EQ(verdict_on(true, 1'000, 0755), Verdict::warning);
    EXPECT_EQ(verdict_on(true, 1'000, 0777), Verdict::problem);
    EXPECT_EQ(verdict_on(true, 1'000, 0500), Verdict::problem) << "its owner cannot write";
    EXPECT_EQ(verdict_on(true, 0, 0700), Verdict::problem);
    EXPECT_EQ(verdict_on(false, 1'000, 0700), Verdict::problem);
    EXPECT_THAT(node::judge_data_folder("/data", node::FolderState{true, 1'000, 0777}, 1'000).remedy,
                HasSubstr("chmod 700 /data"));
}

TEST(JudgeMemory, SaysWhichModelsFit) {
    EXPECT_EQ(node::judge_memory(std::uint64_t{64} << 30).verdict, Verdict::ok);
    const auto finding = node::judge_memory(std::uint64_t{2} << 30);
    EXPECT_EQ(finding.verdict, Verdict::warning);
    EXPECT_THAT(finding.text, HasSubstr("trains nano, d256, d512, but not gpt2"));
    EXPECT_EQ(node::judge_memory(std::uint64_t{128} << 20).verdict, Verdict::problem);
}

TEST(JudgeDisk, BelowTheReserveNoJobIsTaken) {
    node::SelectionPolicy policy;
    policy.disk_reserve_bytes = std::uint64_t{1} << 30;
    EXPECT_EQ(node::judge_disk("/data", std::uint64_t{10} << 30, policy).verdict, Verdict::ok);
    EXPECT_EQ(node::judge_disk("/data", (std::uint64_t{1} << 30) + 1'000'000, policy).verdict, Verdict::warning);
    EXPECT_EQ(node::judge_disk("/data", std::uint64_t{1} << 30, policy).verdict, Verdict::problem);
}

TEST(JudgeOpenFiles, HasTwoThresholds) {
    EXPECT_EQ(node::judge_open_files(1'024).verdict, Verdict::ok);
    EXPECT_EQ(node::judge_open_files(512).verdict, Verdict::warning);
    EXPECT_EQ(node::judge_open_files(64).verdict, Verdict::problem);
}

TEST(JudgeBlas, TheReferenceOneIsAWarning) {
    EXPECT_EQ(node::judge_blas({"a machine", "", "bf16"}).verdict, Verdict::warning);
    EXPECT_EQ(node::judge_blas({"a machine", "OpenBLAS 0.3.21", "bf16"}).verdict, Verdict::ok);
}

TEST(JudgeTrainer, SpeedsAreShownWhereTheyWereTried) {
    const trainer_protocol::MachineDescription machine{"a machine", "OpenBLAS 0.3.21", "bf16"};
    EXPECT_THAT(node::judge_trainer(machine, {}).text, HasSubstr("in bf16 where that pays: a machine"));
    EXPECT_THAT(node::judge_trainer(machine, {{"nano", {1'234, trainer_protocol::SpeedSource::tried}}}).text,
                HasSubstr("tokens/s: nano 1234"));
}

TEST(MachineDescription, GoesThroughJsonUnchanged) {
    const trainer_protocol::MachineDescription machine{"a machine", "OpenBLAS 0.3.21", "bf16"};
    const auto read = trainer_protocol::read_machine_description(json_text(trainer_protocol::to_json(machine))).value();
    EXPECT_EQ(read.machine, machine.machine);
    EXPECT_EQ(read.blas, machine.blas);
    EXPECT_EQ(read.precision, machine.precision);
    EXPECT_TRUE(trainer_protocol::read_machine_description("{}").has_error());
}

TEST(JudgeUnit, OneThatStartsAProgramThatIsNotThereIsAProblem) {
    EXPECT_EQ(node::judge_unit("a.service", {}).verdict, Verdict::ok);
    EXPECT_EQ(node::judge_unit("a.service", {true, false, false}).verdict, Verdict::ok);
    EXPECT_EQ(node::judge_unit("a.service", {true, true, true, "/bin/emeth", true}).verdict, Verdict::ok);
    EXPECT_EQ(node::judge_unit("a.service", {true, true, false, "/bin/emeth", true}).verdict, Verdict::warning);
    EXPECT_EQ(node::judge_unit("a.service", {true, true, true, "/bin/emeth", false}).verdict, Verdict::problem);
}

}  // namespace
}  // namespace emeth::test
