// Calls, answers, events and reverts of the contracts, held to ethers.js.
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <functional>

#include "chain/encoding/abi.hpp"
#include "chain/encoding/emeth_core.hpp"
#include "chain/encoding/emeth_core_views.hpp"
#include "chain/encoding/revert_reason.hpp"
#include "ethers_vectors.hpp"
#include "runtime/utf8.hpp"

namespace emeth::chain::test {
namespace {

using boost::json::value;

const boost::json::object& section(std::string_view name) {
    return object(object(ethers_vectors(), "abi"), name);
}

/// None: a value that our types leave out on purpose (beyond 64 bits).
using Encode = std::function<std::optional<Bytes>(const value&)>;

void expect_calls(std::string_view name, const Encode& encode) {
    std::size_t compared = 0;
    for (const auto& row : list(section("calls"), name)) {
        const std::optional<Bytes> data = encode(row);
        if (!data) continue;
        EXPECT_EQ(to_hex(*data), text(row, "data")) << name;
        ++compared;
    }
    EXPECT_GE(compared, 20u) << name;
}

JobId job(const value& row) {
    return fixed<JobId>(row, "jobId");
}

TEST(EthersAbi, AgreesOnSelectorsAndTopics) {
    for (const auto& row : list(object(ethers_vectors(), "abi"), "selectors")) {
        EXPECT_EQ(to_hex(abi::selector(text(row, "signature"))), text(row, "selector"));
    }
    for (const auto& row : list(object(ethers_vectors(), "abi"), "topics")) {
        EXPECT_EQ(abi::event_topic(text(row, "signature")).hex(), text(row, "topic"));
    }
}

TEST(EthersAbi, AgreesOnCallsThatNameAJob) {
    expect_calls("process", [](const value& row) { return encode_process(job(row)); });
    expect_calls("cancel", [](const value& row) { return encode_cancel(job(row)); });
    expect_calls("decline", [](const value& row) { return encode_decline(job(row)); });
    expect_calls("rejectResult", [](const value& row) { return encode_reject_result(job(row)); });
    expect_calls("timeout", [](const value& row) { return encode_timeout(job(row)); });
    expect_calls("submit", [](const value& row) { return encode_submit(job(row), text(row, "result")); });
}

TEST(EthersAbi, AgreesOnCallsWithNumbers) {
    expect_calls("request", [](const value& row) -> std::optional<Bytes> {
        const auto program = small_number(row, "programId");
        const Bytes data = encode_request(job(row), program.value_or(0), text(row, "dataset"), text(row, "param"),
                                          amount(row, "fee"), 0);
        // Numbers beyond 64 bits are put in as words: everything else of the call is still compared.
        Bytes patched = data;
        const Wei program_word = amount(row, "programId"), deadline_word = amount(row, "deadline");
        std::copy(program_word.bytes.begin(), program_word.bytes.end(), patched.begin() + 4 + 32);
        std::copy(deadline_word.bytes.begin(), deadline_word.bytes.end(), patched.begin() + 4 + 5 * 32);
        return patched;
    });
    expect_calls("verify", [](const value& row) -> std::optional<Bytes> {
        const auto gas = small_number(row, "gas");
        return gas ? std::optional(encode_verify(job(row), *gas)) : std::nullopt;
    });
    expect_calls("withdrawSlotReward", [](const value& row) -> std::optional<Bytes> {
        const auto slot = small_number(row, "slot");
        return slot ? std::optional(encode_withdraw_slot_reward(*slot)) : std::nullopt;
    });
    expect_calls("approve", [](const value& row) {
        return encode_approve(fixed<Address>(row, "spender"), amount(row, "amount"));
    });
    expect_calls("transfer",
                 [](const value& row) { return encode_transfer(fixed<Address>(row, "to"), amount(row, "amount")); });
}

std::int64_t time_of(const value& row, std::string_view key) {
    const auto small = small_number(row, key);
    return small ? static_cast<std::int64_t>(std::min<std::uint64_t>(*small, abi::latest_unix_s)) : abi::latest_unix_s;
}

TEST(EthersAbi, AgreesOnJobs) {
    for (const auto& row : list(section("returns"), "jobs")) {
        const Result<JobRecord> record = decode_job(job(row), bytes(row, "data"));
        ASSERT_TRUE(record) << record.error().message;
        EXPECT_EQ(record->exist, row.at("exist").as_bool());
        if (!record->exist) continue;
        EXPECT_EQ(record->owner, fixed<Address>(row, "owner"));
        EXPECT_EQ(record->deadline_unix_s, time_of(row, "deadline"));
        EXPECT_EQ(record->fee, amount(row, "fee"));
        EXPECT_EQ(static_cast<std::uint64_t>(record->status), small_number(row, "status"));
        EXPECT_EQ(record->requested_at_unix_s, time_of(row, "requestedAt"));
    }
}

TEST(EthersAbi, AgreesOnJobDetails) {
    for (const auto& row : list(section("returns"), "jobDetails")) {
        const Result<JobDetails> details = decode_job_details({}, bytes(row, "data"));
        const auto program = small_number(row, "programId");
        ASSERT_EQ(details.has_value(), program.has_value());
        if (!details) continue;
        EXPECT_EQ(details->program_id, *program);
        EXPECT_EQ(details->param, text(row, "param"));
        EXPECT_EQ(details->dataset, text(row, "dataset"));
        EXPECT_EQ(details->result, text(row, "result"));
    }
}

TEST(EthersAbi, AgreesOnJobAssigns) {
    for (const auto& row : list(section("returns"), "jobAssigns")) {
        const Result<JobAssign> assign = decode_job_assign({}, bytes(row, "data"));
        const auto gas = small_number(row, "gas");
        ASSERT_EQ(assign.has_value(), gas.has_value());
        if (!assign) continue;
        EXPECT_EQ(assign->node, fixed<Address>(row, "node"));
        EXPECT_EQ(assign->deposit, amount(row, "deposit"));
        EXPECT_EQ(assign->gas, *gas);
        EXPECT_EQ(assign->started_at_unix_s, time_of(row, "startedAt"));
        EXPECT_EQ(assign->submitted_at_unix_s, time_of(row, "submittedAt"));
        EXPECT_EQ(assign->verified_at_unix_s, time_of(row, "verifiedAt"));
    }
}

Log log_of(const value& row) {
    Log log;
    for (const auto& topic : row.at("topics").as_array()) log.topics.push_back(*Hash256::parse(topic.as_string()));
    log.data = bytes(row, "data");
    return log;
}

TEST(EthersAbi, AgreesOnEventsOfJobs) {
    for (const auto& row : list(section("events"), "Request")) {
        const auto event = parse_request_event(log_of(row));
        ASSERT_TRUE(event);
        EXPECT_EQ(event->owner, fixed<Address>(row, "owner"));
        EXPECT_EQ(event->job, job(row));
        EXPECT_EQ(event->fee, amount(row, "fee"));
        EXPECT_EQ(event->deadline_unix_s, time_of(row, "deadline"));
    }
    for (const auto& row : list(section("events"), "Cancel"))
        EXPECT_EQ(parse_cancel_event(log_of(row)).value().job, job(row));
    for (const auto& row : list(section("events"), "Status")) {
        const auto event = parse_status_event(log_of(row));
        ASSERT_TRUE(event);
        EXPECT_EQ(event->job, job(row));
        EXPECT_EQ(event->node, fixed<Address>(row, "nodeAddress"));
        EXPECT_EQ(static_cast<std::uint64_t>(event->status), small_number(row, "status"));
    }
}

TEST(EthersAbi, AgreesOnEventsOfMoney) {
    for (const auto& row : list(section("events"), "Reward")) {
        const auto event = parse_reward_event(log_of(row));
        const auto slot = small_number(row, "slot"), gas = small_number(row, "gas");
        ASSERT_EQ(event.has_value(), slot && gas);
        if (!event) continue;
        EXPECT_EQ(event->node, fixed<Address>(row, "nodeAddress"));
        EXPECT_EQ(event->slot, *slot);
        EXPECT_EQ(event->gas, *gas);
    }
    for (const auto& row : list(section("events"), "Penalty")) {
        const auto event = parse_penalty_event(log_of(row));
        ASSERT_TRUE(event);
        EXPECT_EQ(event->node, fixed<Address>(row, "nodeAddress"));
        EXPECT_EQ(event->slashed, amount(row, "slashed"));
    }
    for (const auto& row : list(section("events"), "Transfer")) EXPECT_FALSE(parse_penalty_event(log_of(row)));
}

TEST(EthersAbi, AgreesOnRevertReasons) {
    for (const auto& row : list(object(ethers_vectors(), "abi"), "reverts")) {
        constexpr std::size_t reason_bytes_max = 200;
        const std::string reason = one_line(text(row, "reason"), reason_bytes_max);
        EXPECT_EQ(describe_revert(bytes(row, "data")), reason.empty() ? "no reason given" : reason);
    }
}

}  // namespace
}  // namespace emeth::chain::test
