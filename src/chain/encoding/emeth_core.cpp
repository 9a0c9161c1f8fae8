#include "chain/encoding/emeth_core.hpp"

#include <algorithm>
#include <span>

#include "chain/encoding/abi.hpp"

namespace emeth::chain {
namespace {

/// The words of a log: the topics after the first, then the data. None if it is a different event or has a different
/// number of topics.
std::optional<Bytes> event_words(const Log& log, const Hash256& topic, std::size_t indexed) {
    if (log.topics.size() != indexed + 1 || log.topics.front() != topic) return std::nullopt;
    Bytes words;
    words.reserve(indexed * abi::word_bytes + log.data.size());
    for (std::size_t i = 1; i < log.topics.size(); ++i) {
        words.insert(words.end(), log.topics[i].bytes.begin(), log.topics[i].bytes.end());
    }
    words.insert(words.end(), log.data.begin(), log.data.end());
    return words;
}

const Hash256& request_event_topic() {
    static const Hash256 topic = abi::event_topic("Request(address,bytes16,uint256,uint256)");
    return topic;
}

const Hash256& cancel_event_topic() {
    static const Hash256 topic = abi::event_topic("Cancel(bytes16)");
    return topic;
}

/// The first `indexed` of the words are topics, the rest is data.
Log event_log(const Hash256& topic, const Bytes& words, std::size_t indexed) {
    Log log;
    log.topics.push_back(topic);
    auto word = words.begin();
    for (std::size_t i = 0; i < indexed; ++i) {
        std::copy_n(word, abi::word_bytes, log.topics.emplace_back().bytes.begin());
        word += abi::word_bytes;
    }
    log.data.assign(word, words.end());
    return log;
}

template <class Event>
std::optional<Event> checked(const abi::Decoder& in, Event event) {
    if (!in.check()) return std::nullopt;
    return event;
}

}  // namespace

Bytes encode_request(const JobId& id, std::uint64_t program_id, const std::string& dataset, const std::string& param,
                     const Wei& fee, std::int64_t deadline_unix_s) {
    return abi::Encoder("request(bytes16,uint256,string,string,uint256,uint256)")
        .job_id(id)
        .number(program_id)
        .text(dataset)
        .text(param)
        .amount(fee)
        .number(static_cast<std::uint64_t>(deadline_unix_s))
        .finish();
}

Bytes encode_cancel(const JobId& id) {
    return abi::Encoder("cancel(bytes16)").job_id(id).finish();
}

Bytes encode_process(const JobId& id) {
    return abi::Encoder("process(bytes16)").job_id(id).finish();
}

Bytes encode_decline(const JobId& id) {
    return abi::Encoder("decline(bytes16)").job_id(id).finish();
}

Bytes encode_submit(const JobId& id, const std::string& result) {
    return abi::Encoder("submit(bytes16,string)").job_id(id).text(result).finish();
}

Bytes encode_verify(const JobId& id, std::uint64_t gas) {
    return abi::Encoder("verify(bytes16,uint256)").job_id(id).number(gas).finish();
}

Bytes encode_reject_result(const JobId& id) {
    return abi::Encoder("rejectResult(bytes16)").job_id(id).finish();
}

Bytes encode_timeout(const JobId& id) {
    return abi::Encoder("timeout(bytes16)").job_id(id).finish();
}

Bytes encode_withdraw_slot_reward(std::uint64_t slot) {
    return abi::Encoder("withdrawSlotReward(uint256)").number(slot).finish();
}

namespace {

/// What follows the selector; none if `data` is another call than `same_call`, which has as many arguments.
std::optional<std::span<const std::uint8_t>> arguments_of(const Bytes& data, const Bytes& same_call) {
    constexpr std::size_t selector_bytes = 4;
    if (data.size() != same_call.size() || !std::equal(data.begin(), data.begin() + selector_bytes, same_call.begin()))
        return std::nullopt;
    return std::span(data).subspan(selector_bytes);
}

}  // namespace

std::optional<std::uint64_t> withdrawn_slot(const Bytes& data) {
    const auto arguments = arguments_of(data, encode_withdraw_slot_reward(0));
    if (!arguments) return std::nullopt;
    abi::Decoder in(*arguments, "withdrawSlotReward");
    const std::uint64_t slot = in.number("slot");
    if (!in.check()) return std::nullopt;
    return slot;
}

std::optional<Wei> approved_amount(const Bytes& data) {
    const auto arguments = arguments_of(data, encode_approve(Address{}, Wei{}));
    if (!arguments) return std::nullopt;
    abi::Decoder in(*arguments, "approve");
    in.address("spender");
    const Wei amount = in.amount("amount");
    if (!in.check()) return std::nullopt;
    return amount;
}

Bytes encode_set_verifier(const Address& verifier) {
    return abi::Encoder("setVerifier(address)").address(verifier).finish();
}

Bytes encode_approve(const Address& spender, const Wei& amount) {
    return abi::Encoder("approve(address,uint256)").address(spender).amount(amount).finish();
}

Bytes encode_transfer(const Address& to, const Wei& amount) {
    return abi::Encoder("transfer(address,uint256)").address(to).amount(amount).finish();
}

Bytes encode_mint(const Address& to, const Wei& amount) {
    return abi::Encoder("mint(address,uint256)").address(to).amount(amount).finish();
}

Bytes encode_set_minter(const Address& minter) {
    return abi::Encoder("setMinter(address)").address(minter).finish();
}

Hash256 status_event_topic() {
    static const Hash256 topic = abi::event_topic("Status(bytes16,address,uint256)");
    return topic;
}

std::optional<RequestEvent> parse_request_event(const Log& log) {
    const std::optional<Bytes> words = event_words(log, request_event_topic(), 2);
    if (!words) return std::nullopt;
    abi::Decoder in(*words, "Request");
    RequestEvent event;
    event.owner = in.address("owner");
    event.job = in.job_id("jobId");
    event.fee = in.amount("fee");
    event.deadline_unix_s = in.time("deadline");
    return checked(in, event);
}

std::optional<CancelEvent> parse_cancel_event(const Log& log) {
    const std::optional<Bytes> words = event_words(log, cancel_event_topic(), 1);
    if (!words) return std::nullopt;
    abi::Decoder in(*words, "Cancel");
    return checked(in, CancelEvent{in.job_id("jobId")});
}

std::optional<StatusEvent> parse_status_event(const Log& log) {
    const std::optional<Bytes> words = event_words(log, status_event_topic(), 1);
    if (!words) return std::nullopt;
    abi::Decoder in(*words, "Status");
    StatusEvent event;
    event.job = in.job_id("jobId");
    event.node = in.address("nodeAddress");
    const std::optional<JobStatus> status = job_status(in.number("status"));
    if (!status) return std::nullopt;
    event.status = *status;
    return checked(in, event);
}

std::optional<RewardEvent> parse_reward_event(const Log& log) {
    static const Hash256 topic = abi::event_topic("Reward(address,uint256,uint256)");
    const std::optional<Bytes> words = event_words(log, topic, 1);
    if (!words) return std::nullopt;
    abi::Decoder in(*words, "Reward");
    RewardEvent event;
    event.node = in.address("nodeAddress");
    event.slot = in.number("slot");
    event.gas = in.number("gas");
    return checked(in, event);
}

std::optional<PenaltyEvent> parse_penalty_event(const Log& log) {
    static const Hash256 topic = abi::event_topic("Penalty(address,uint256)");
    const std::optional<Bytes> words = event_words(log, topic, 1);
    if (!words) return std::nullopt;
    abi::Decoder in(*words, "Penalty");
    PenaltyEvent event;
    event.node = in.address("nodeAddress");
    event.slashed = in.amount("slashed");
    return checked(in, event);
}

Log request_log(const RequestEvent& event) {
    const Bytes words = abi::Encoder()
                            .address(event.owner)
                            .job_id(event.job)
                            .amount(event.fee)
                            .number(static_cast<std::uint64_t>(event.deadline_unix_s))
                            .finish();
    return event_log(request_event_topic(), words, 2);
}

Log cancel_log(const CancelEvent& event) {
    return event_log(cancel_event_topic(), abi::Encoder().job_id(event.job).finish(), 1);
}

Log status_log(const StatusEvent& event) {
    const Bytes words =
        abi::Encoder().job_id(event.job).address(event.node).number(static_cast<std::uint64_t>(event.status)).finish();
    return event_log(status_event_topic(), words, 1);
}

}  // namespace emeth::chain
