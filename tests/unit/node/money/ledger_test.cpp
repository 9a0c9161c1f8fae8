// The ledger's entries, against sums that were made by hand: from the logs that contracts and tokens of several kinds
// leave.
#include "node/money/ledger.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <string>

#include "chain/amount.hpp"
#include "chain/encoding/abi.hpp"
#include "chain/encoding/emeth_core.hpp"
#include "chain/encoding/token_transfers.hpp"
#include "support/fake_chain.hpp"

namespace emeth::test {
namespace {

using chain::JobStatus;
using node::LedgerKind;
using storage::TxKind;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const Address wallet = repeated<Address>(1), core = repeated<Address>(2), token = repeated<Address>(3),
              other = repeated<Address>(4), nobody{};
const node::LedgerParties parties{wallet, core};
const JobId job = repeated<JobId>(0xaa), second_job = repeated<JobId>(0xbb);

Wei coins(std::string_view text) {
    return chain::parse_coins(text).value();
}

/// Blocks as the chain would show them; each transaction has the next number.
class LedgerTest : public ::testing::Test {
protected:
    void next_transaction(std::uint64_t block) {
        block_ = block;
        facts.unix_s_of_block[block] = static_cast<std::int64_t>(1'000 * block);
        transaction_ = repeated<Hash256>(++transactions_);
    }
    /// The next transaction is the wallet's own; it pays one ALT wei for gas.
    void own_transaction(std::uint64_t block, TxKind kind, bool succeeded = true) {
        next_transaction(block);
        const auto of = kind == TxKind::withdraw ? std::nullopt : std::optional(job);
        facts.own.push_back({block, transaction_, kind, of, succeeded, 1});
    }
    void transfer(const Address& from, const Address& to, const Wei& value) {
        chain::Log log = here(token);
        log.topics = {chain::transfer_event_topic(), chain::abi::word_of(from), chain::abi::word_of(to)};
        log.data.assign(value.bytes.begin(), value.bytes.end());
        facts.transfers.push_back(log);
    }
    void transfer(const Address& from, const Address& to, std::string_view value) { transfer(from, to, coins(value)); }
    void status(JobStatus status, const JobId& of = job, const Address& node = wallet) {
        const chain::Log place = here(core);
        chain::Log log = chain::status_log({of, node, status});
        log.address = place.address;
        log.block = place.block;
        log.transaction = place.transaction;
        log.index = place.index;
        facts.core_logs.push_back(log);
    }
    void penalty(std::string_view slashed) {
        chain::Log log = here(core);
        log.topics = {chain::abi::event_topic("Penalty(address,uint256)"), chain::abi::word_of(wallet)};
        const Wei value = coins(slashed);
        log.data.assign(value.bytes.begin(), value.bytes.end());
        facts.core_logs.push_back(log);
    }
    void end_with(JobStatus end, std::string_view deposit) {
        status(end);
        facts.deposits[job] = coins(deposit);
    }

    /// "5: fee aa 20"; the gas in wei.
    [[nodiscard]] std::vector<std::string> entries() const {
        std::vector<std::string> lines;
        for (const node::LedgerEntry& entry : node::ledger_entries(parties, facts)) {
            EXPECT_EQ(entry.block_unix_s, static_cast<std::int64_t>(1'000 * entry.block));
            lines.push_back(fmt::format(
                "{}: {} {} {}", entry.block, node::name(entry.kind), entry.job ? entry.job->hex().substr(2, 2) : "-",
                entry.kind == LedgerKind::gas ? entry.alt.str() : chain::format_coins(entry.emt)));
        }
        return lines;
    }

    node::LedgerFacts facts;

private:
    chain::Log here(const Address& emitter) {
        chain::Log log;
        log.address = emitter;
        log.block = block_;
        log.transaction = transaction_;
        log.index = ++logs_;
        return log;
    }

    std::uint64_t block_ = 0;
    Hash256 transaction_;
    std::uint8_t transactions_ = 0;
    std::uint32_t logs_ = 0;
};

TEST_F(LedgerTest, AVerifiedJobReturnsItsDepositAndPaysAFee) {
    own_transaction(5, TxKind::approve);
    own_transaction(6, TxKind::process);
    status(JobStatus::processing);
    transfer(wallet, core, "30");
    own_transaction(7, TxKind::submit);
    status(JobStatus::submitted);
    next_transaction(9);
    end_with(JobStatus::verified, "30");
    transfer(core, other, "10");
    transfer(core, wallet, "50");
    EXPECT_THAT(entries(), ElementsAre("5: gas aa -1", "6: gas aa -1", "6: deposit aa -30", "7: gas aa -1",
                                       "9: deposit_returned aa 30", "9: fee aa 20"));
}

TEST_F(LedgerTest, ARejectedJobLosesWhatThePenaltyEventTells) {
    next_transaction(9);
    end_with(JobStatus::failed, "30");
    penalty("17.5");
    transfer(core, wallet, "12.5");
    EXPECT_THAT(entries(), ElementsAre("9: deposit_returned aa 30", "9: penalty aa -17.5"));
}

TEST_F(LedgerTest, ARejectionMayKeepTheWholeDepositAndThenMovesNothing) {
    next_transaction(9);
    end_with(JobStatus::failed, "11");
    penalty("11");  // the verifier's 10, and what was left for the penalty
    transfer(core, wallet, "0");
    EXPECT_THAT(entries(), ElementsAre("9: deposit_returned aa 11", "9: penalty aa -11"));
}

TEST_F(LedgerTest, WithoutAPenaltyEventALossIsWhatDidNotComeBack) {
    next_transaction(9);
    transfer(core, wallet, "18");
    end_with(JobStatus::timeout, "20");  // the published contract logs the status last
    EXPECT_THAT(entries(), ElementsAre("9: deposit_returned aa 20", "9: penalty aa -2"));
    facts.transfers.clear();
    EXPECT_THAT(entries(), ElementsAre("9: deposit_returned aa 20", "9: penalty aa -20"));
}

TEST_F(LedgerTest, APenaltyEventThatTellsTooLittleIsNotBelieved) {
    next_transaction(9);
    end_with(JobStatus::timeout, "20");
    penalty("1");
    transfer(core, wallet, "15");
    EXPECT_THAT(entries(), ElementsAre("9: deposit_returned aa 20", "9: penalty aa -5"));
}

TEST_F(LedgerTest, ADeclineCostsGasAndThePenalty) {
    own_transaction(8, TxKind::decline);
    end_with(JobStatus::declined, "30");
    penalty("7.5");
    transfer(core, other, "30");
    transfer(core, wallet, "22.5");
    EXPECT_THAT(entries(), ElementsAre("8: gas aa -1", "8: deposit_returned aa 30", "8: penalty aa -7.5"));
}

TEST_F(LedgerTest, ALostRaceCostsGasAlone) {
    own_transaction(5, TxKind::approve);
    own_transaction(5, TxKind::process, false);
    next_transaction(5);
    status(JobStatus::processing, job, other);
    transfer(other, core, "30");
    EXPECT_THAT(entries(), ElementsAre("5: gas aa -1", "5: gas aa -1"));
}

TEST_F(LedgerTest, AContractThatKeepsTheDepositOfAVerifiedJobCostsAPenalty) {
    next_transaction(9);
    transfer(core, wallet, "10");
    end_with(JobStatus::verified, "20");
    EXPECT_THAT(entries(), ElementsAre("9: deposit_returned aa 20", "9: penalty aa -10"));
}

TEST_F(LedgerTest, ARequestersOwnFeeThatComesBackIsNoFeeEarned) {
    next_transaction(9);
    end_with(JobStatus::timeout, "30");
    penalty("7.5");
    transfer(core, wallet, "30");
    transfer(core, wallet, "22.5");
    EXPECT_THAT(entries(), ElementsAre("9: deposit_returned aa 30", "9: penalty aa -7.5", "9: transfer aa 30"));
}

TEST_F(LedgerTest, SeveralEndsInOneTransactionAddUpThoughNobodyKnowsWhoseEachPartIs) {
    next_transaction(9);
    end_with(JobStatus::verified, "30");
    status(JobStatus::failed, second_job);
    facts.deposits[second_job] = coins("20");
    penalty("15");
    transfer(core, wallet, "50");
    transfer(core, wallet, "5");
    EXPECT_THAT(entries(), ElementsAre("9: deposit_returned aa 30", "9: deposit_returned bb 20", "9: penalty - -15",
                                       "9: transfer - 20"));
}

TEST_F(LedgerTest, SeveralDepositsInOneTransactionBelongToTheJobsInTheirOrder) {
    next_transaction(9);
    status(JobStatus::processing);
    transfer(wallet, core, "30");
    status(JobStatus::processing, second_job);
    transfer(wallet, core, "20");
    EXPECT_THAT(entries(), ElementsAre("9: deposit aa -30", "9: deposit bb -20"));
    facts.transfers.pop_back();
    EXPECT_THAT(entries(), ElementsAre("9: transfer - -30")) << "whose it was is not known";
}

TEST_F(LedgerTest, ARewardThatTheTokenTellsOf) {
    own_transaction(9, TxKind::withdraw);
    transfer(nobody, wallet, "288000");
    EXPECT_THAT(node::unlogged_withdrawals(parties, facts), IsEmpty());
    EXPECT_THAT(entries(), ElementsAre("9: gas - -1", "9: reward - 288000"));
}

TEST_F(LedgerTest, ARewardThatOnlyTheBalanceTellsOf) {
    own_transaction(9, TxKind::withdraw);
    own_transaction(10, TxKind::withdraw, false);
    EXPECT_THAT(node::unlogged_withdrawals(parties, facts), ElementsAre(9U));
    EXPECT_THAT(entries(), ElementsAre("9: gas - -1", "10: gas - -1")) << "not known is not nothing";
    facts.unlogged_gains[9] = coins("288000");
    EXPECT_THAT(entries(), ElementsAre("9: gas - -1", "9: reward - 288000", "10: gas - -1"));
}

TEST_F(LedgerTest, TwoUnloggedRewardsInOneBlockAreCountedOnce) {
    own_transaction(9, TxKind::withdraw);
    own_transaction(9, TxKind::withdraw);
    facts.unlogged_gains[9] = coins("5");
    EXPECT_THAT(entries(), ElementsAre("9: gas - -1", "9: reward - 5", "9: gas - -1"));
}

TEST_F(LedgerTest, WhatOthersDoInTheSameBlockIsATransferOrNothing) {
    next_transaction(9);
    transfer(other, wallet, "7");
    next_transaction(9);
    end_with(JobStatus::verified, "30");
    transfer(core, wallet, "50");
    next_transaction(9);
    transfer(wallet, other, "2");
    transfer(wallet, wallet, "100");
    transfer(other, core, "3");
    next_transaction(9);
    transfer(nobody, wallet, "1000");  // not withdrawn by this wallet
    next_transaction(9);
    transfer(core, wallet, "4");
    transfer(wallet, core, "6");
    status(JobStatus::verified, second_job, other);
    EXPECT_THAT(entries(),
                ElementsAre("9: transfer - 7", "9: deposit_returned aa 30", "9: fee aa 20", "9: transfer - -2",
                            "9: transfer - 1000", "9: transfer - 4", "9: transfer - -6"));
}

TEST_F(LedgerTest, EventsOfAnotherContractSayNothing) {
    next_transaction(9);
    status(JobStatus::timeout);
    penalty("5");
    for (chain::Log& log : facts.core_logs) log.address = other;
    transfer(core, wallet, "4");
    EXPECT_THAT(node::ended_jobs(parties, facts.core_logs), IsEmpty());
    EXPECT_THAT(entries(), ElementsAre("9: transfer - 4"));
}

TEST_F(LedgerTest, EntriesOfABlockComeInItsOrder) {
    next_transaction(9);
    transfer(other, wallet, "1");
    own_transaction(9, TxKind::process);
    status(JobStatus::processing);
    transfer(wallet, core, "30");
    next_transaction(9);
    transfer(other, wallet, "2");
    EXPECT_THAT(entries(), ElementsAre("9: transfer - 1", "9: gas aa -1", "9: deposit aa -30", "9: transfer - 2"));
}

TEST_F(LedgerTest, SumsAreExactBeyondTheLargestAmount) {
    const Wei largest = repeated<Wei>(0xff);
    next_transaction(8);
    transfer(other, wallet, largest);
    transfer(other, wallet, largest);
    next_transaction(9);
    transfer(wallet, other, largest);
    transfer(wallet, other, wei(1));
    node::LedgerSums sums;
    for (const node::LedgerEntry& entry : node::ledger_entries(parties, facts)) sums.add(entry);
    EXPECT_EQ(sums.emt(), chain::to_signed(largest) - 1);
    EXPECT_EQ(sums.emt(), sums.emt(LedgerKind::transfer));
    EXPECT_EQ(sums.alt(), 0);
}

TEST(SignedWei, IsWrittenWithItsSignAndAllDecimals) {
    EXPECT_EQ(chain::format_coins(chain::SignedWei(0)), "0");
    EXPECT_EQ(chain::format_coins(-chain::to_signed(coins("12.5"))), "-12.5");
    EXPECT_EQ(chain::format_coins(chain::SignedWei(-1)), "-0.000000000000000001");
    EXPECT_EQ(chain::format_coins(chain::to_signed(coins("288000"))), "288000");
    const chain::SignedWei largest = chain::to_signed(repeated<Wei>(0xff));
    EXPECT_EQ((largest + 1).str(), "115792089237316195423570985008687907853269984665640564039457584007913129639936");
}

}  // namespace
}  // namespace emeth::test
