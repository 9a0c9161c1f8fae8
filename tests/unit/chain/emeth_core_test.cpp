#include "chain/encoding/emeth_core.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bytes.hpp"
#include "chain/amount.hpp"
#include "chain/encoding/abi.hpp"
#include "chain/encoding/emeth_core_views.hpp"

namespace emeth::chain {
namespace {

using test::fixed;
using test::numbered;
using testing::HasSubstr;

const JobId job = fixed<JobId>("0x000102030405060708090a0b0c0d0e0f");
const Address node = numbered<Address>(7);

Log status_log(std::uint64_t status) {
    Log log;
    log.topics = {status_event_topic(), abi::word_of(job)};
    log.data = abi::Encoder().address(node).number(status).finish();
    return log;
}

TEST(Events, ReadsAStatus) {
    const std::optional<StatusEvent> event = parse_status_event(status_log(3));
    ASSERT_TRUE(event);
    EXPECT_EQ(event->job, job);
    EXPECT_EQ(event->node, node);
    EXPECT_EQ(event->status, JobStatus::submitted);
}

TEST(Events, LeavesOutWhatIsAnotherEventOrMalformed) {
    EXPECT_FALSE(parse_status_event(status_log(10)));
    Log log = status_log(3);
    log.data.pop_back();
    EXPECT_FALSE(parse_status_event(log));
    log = status_log(3);
    log.topics.pop_back();
    EXPECT_FALSE(parse_status_event(log));
    log = status_log(3);
    log.topics.front().bytes[0] ^= 1;
    EXPECT_FALSE(parse_status_event(log));
    log = status_log(3);
    log.topics.back().bytes.back() = 1;  // no bytes16
    EXPECT_FALSE(parse_status_event(log));
    EXPECT_FALSE(parse_cancel_event(status_log(3)));
    EXPECT_FALSE(parse_status_event(Log{}));
}

TEST(Calls, AWithdrawalNamesItsSlot) {
    EXPECT_EQ(withdrawn_slot(encode_withdraw_slot_reward(20'415)), 20'415U);
    EXPECT_EQ(withdrawn_slot(encode_timeout(JobId{})), std::nullopt);
    Bytes cut = encode_withdraw_slot_reward(20'415);
    cut.pop_back();
    EXPECT_EQ(withdrawn_slot(cut), std::nullopt);
    Bytes enormous = encode_withdraw_slot_reward(0);
    enormous[4] = 1;
    EXPECT_EQ(withdrawn_slot(enormous), std::nullopt);
}

TEST(Calls, AnApproveNamesItsAmount) {
    const Wei amount = *parse_coins("30");
    EXPECT_EQ(approved_amount(encode_approve(node, amount)), amount);
    EXPECT_EQ(approved_amount(encode_transfer(node, amount)), std::nullopt) << "another call of the same shape";
    Bytes cut = encode_approve(node, amount);
    cut.pop_back();
    EXPECT_EQ(approved_amount(cut), std::nullopt);
    Bytes no_address = encode_approve(node, amount);
    no_address[4] = 1;
    EXPECT_EQ(approved_amount(no_address), std::nullopt);
}

TEST(Events, ReadsAPenalty) {
    Log log;
    log.topics = {abi::event_topic("Penalty(address,uint256)"), abi::word_of(node)};
    log.data = abi::Encoder().amount(*parse_coins("7.5")).finish();
    const std::optional<PenaltyEvent> event = parse_penalty_event(log);
    ASSERT_TRUE(event);
    EXPECT_EQ(event->node, node);
    EXPECT_EQ(format_coins(event->slashed), "7.5");
}

abi::Encoder job_words(bool exist, const JobId& id, std::uint64_t status) {
    abi::Encoder out;
    out.number(exist ? 1 : 0).job_id(id).address(node).number(1'800'000'000).amount(*parse_coins("30")).number(status);
    return out.number(1'700'000'000);
}

TEST(Views, ReadAJob) {
    const Result<JobRecord> record = decode_job(job, job_words(true, job, 2).finish());
    ASSERT_TRUE(record) << record.error().message;
    EXPECT_TRUE(record->exist);
    EXPECT_EQ(record->owner, node);
    EXPECT_EQ(record->deadline_unix_s, 1'800'000'000);
    EXPECT_EQ(format_coins(record->fee), "30");
    EXPECT_EQ(record->status, JobStatus::processing);
    EXPECT_EQ(record->requested_at_unix_s, 1'700'000'000);
}

TEST(Views, ReadAJobThatDoesNotExistAsAllZero) {
    const Result<JobRecord> record = decode_job(job, Bytes(7 * 32));
    ASSERT_TRUE(record);
    EXPECT_FALSE(record->exist);
    EXPECT_TRUE(record->owner.is_zero());
}

TEST(Views, RefuseAnotherJobAnUnknownStatusAndShortAnswers) {
    EXPECT_THAT(decode_job(job, job_words(true, JobId{}, 2).finish()).error().message, HasSubstr("another JOB"));
    EXPECT_THAT(decode_job(job, job_words(true, job, 10).finish()).error().message, HasSubstr("status 10"));
    EXPECT_THAT(decode_job(job, {}).error().message, HasSubstr("jobs(" + job.hex() + ")"));
}

TEST(Views, ReadDetailsAndRefuseOverlongOnes) {
    const auto details = [](std::size_t bytes) {
        return abi::Encoder().number(5).text("{}").text("data.txt").text(std::string(bytes, 'r')).finish();
    };
    const Result<JobDetails> read = decode_job_details(job, details(3));
    ASSERT_TRUE(read);
    EXPECT_EQ(read->program_id, 5u);
    EXPECT_EQ(read->param, "{}");
    EXPECT_EQ(read->dataset, "data.txt");
    EXPECT_EQ(read->result, "rrr");
    EXPECT_TRUE(decode_job_details(job, details(abi::text_bytes_max)));
    EXPECT_THAT(decode_job_details(job, details(abi::text_bytes_max + 1)).error().message,
                HasSubstr("result is 65537 bytes"));
}

TEST(Status, HasTheNetworksNames) {
    EXPECT_EQ(name(JobStatus::requested), "REQUESTED");
    EXPECT_EQ(name(JobStatus::declined), "DECLINED");
    EXPECT_EQ(job_status(9), JobStatus::declined);
    EXPECT_FALSE(job_status(10));
}

}  // namespace
}  // namespace emeth::chain
