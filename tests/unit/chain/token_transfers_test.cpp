// What receipts show of EMT, on contracts and tokens that tell more or less.
#include "chain/encoding/token_transfers.hpp"

#include <gtest/gtest.h>

#include "chain/amount.hpp"
#include "chain/encoding/abi.hpp"

namespace emeth::chain {
namespace {

template <class Bytes>
Bytes repeated(std::uint8_t byte) {
    Bytes value;
    value.bytes.fill(byte);
    return value;
}

const Address core = repeated<Address>(1), token = repeated<Address>(2), node = repeated<Address>(3),
              requester = repeated<Address>(4);

Wei coins(std::string_view text) {
    return *parse_coins(text);
}

Log transfer(const Address& from, const Address& to, const Wei& value, const Address& emitter = token) {
    Log log;
    log.address = emitter;
    log.topics = {transfer_event_topic(), abi::word_of(from), abi::word_of(to)};
    log.data.assign(value.bytes.begin(), value.bytes.end());
    return log;
}

Log penalty(const Wei& slashed, const Address& emitter = core) {
    Log log;
    log.address = emitter;
    log.topics = {abi::event_topic("Penalty(address,uint256)"), abi::word_of(node)};
    log.data.assign(slashed.bytes.begin(), slashed.bytes.end());
    return log;
}

Log status(JobStatus status, std::uint8_t job) {
    Log log;
    log.address = core;
    log.topics = {abi::event_topic("Status(bytes16,address,uint256)"), Hash256{}};
    log.topics[1].bytes.front() = job;
    const Hash256 who = abi::word_of(node);
    log.data.assign(who.bytes.begin(), who.bytes.end());
    log.data.resize(64);
    log.data.back() = static_cast<std::uint8_t>(status);
    return log;
}

Receipt receipt(std::vector<Log> logs) {
    Receipt made;
    made.logs = std::move(logs);
    return made;
}

TEST(Settlement, IsReadFromTransfersWhereNoPenaltyIsTold) {
    const Settlement seen = settlement_in(receipt({transfer(core, requester, coins("20")),
                                                   transfer(core, node, coins("18")), status(JobStatus::timeout, 1)}),
                                          core, token, node);
    EXPECT_EQ(seen.received, coins("18"));
    EXPECT_EQ(seen.slashed, std::nullopt);
}

TEST(Settlement, WhereOnlyOthersArePaidTheNodeGotNothing) {
    const Settlement seen = settlement_in(
        receipt({transfer(core, requester, coins("20")), status(JobStatus::failed, 1)}), core, token, node);
    EXPECT_EQ(seen.received, Wei{});
}

TEST(Settlement, IsUnknownWithoutAnyTransfer) {
    const Settlement seen = settlement_in(receipt({status(JobStatus::timeout, 1)}), core, token, node);
    EXPECT_EQ(seen.received, std::nullopt);
    EXPECT_EQ(seen.slashed, std::nullopt);
    EXPECT_EQ(settlement_in(receipt({status(JobStatus::timeout, 1), penalty(coins("5"))}), core, token, node).slashed,
              coins("5"));
}

TEST(Settlement, OfSeveralJobsInOneTransactionIsNobodys) {
    const Settlement seen =
        settlement_in(receipt({status(JobStatus::timeout, 1), transfer(core, node, coins("18")), penalty(coins("2")),
                               status(JobStatus::verified, 2), transfer(core, node, coins("10"))}),
                      core, token, node);
    EXPECT_EQ(seen.received, std::nullopt);
    EXPECT_EQ(seen.slashed, std::nullopt);
}

TEST(Settlement, OtherContractsEventsDoNotCount) {
    const Address other = repeated<Address>(9);
    const Settlement seen = settlement_in(
        receipt({status(JobStatus::timeout, 1), transfer(core, node, coins("18"), other), penalty(coins("2"), other)}),
        core, token, node);
    EXPECT_EQ(seen.received, std::nullopt);
    EXPECT_EQ(seen.slashed, std::nullopt);
}

TEST(Settlement, AMalformedTransferIsNone) {
    Log broken = transfer(core, node, coins("18"));
    broken.data.pop_back();
    EXPECT_EQ(settlement_in(receipt({broken}), core, token, node).received, std::nullopt);
}

TEST(GainIn, IsWhatCameLessWhatWent) {
    EXPECT_EQ(gain_in(receipt({transfer(Address{}, node, coins("7"))}), token, node), coins("7"));
    EXPECT_EQ(gain_in(receipt({transfer(core, node, coins("7")), transfer(node, core, coins("2"))}), token, node),
              coins("5"));
    EXPECT_EQ(gain_in(receipt({transfer(node, core, coins("2"))}), token, node), Wei{});
    EXPECT_EQ(gain_in(receipt({}), token, node), std::nullopt);
}

TEST(UnexplainedGain, IsWhatNoEventTellsOf) {
    const std::vector<Log> logs{transfer(core, node, coins("7")), transfer(node, core, coins("2"))};
    const TokenFlow flow = token_flow(logs, token, node);
    EXPECT_EQ(unexplained_gain(coins("100"), coins("105"), flow), Wei{});
    EXPECT_EQ(unexplained_gain(coins("100"), coins("288105"), flow), coins("288000"));
    EXPECT_EQ(unexplained_gain(coins("100"), coins("90"), flow), Wei{}) << "something else took it";
}

}  // namespace
}  // namespace emeth::chain
