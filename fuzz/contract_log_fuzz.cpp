// What a contract answers: events of EmethCore and EMT, the tuples of its views, and reasons of reverts. Any bytes are
// ignored or refused, or give the values from which the same words come again.
#include <algorithm>
#include <cstdint>
#include <span>
#include <string>

#include "chain/encoding/abi.hpp"
#include "chain/encoding/emeth_core.hpp"
#include "chain/encoding/emeth_core_views.hpp"
#include "chain/encoding/revert_reason.hpp"
#include "chain/encoding/token_transfers.hpp"
#include "fuzz/property.hpp"

namespace {

using namespace emeth;
using namespace emeth::chain;
using emeth::fuzz::require;

/// As an event with all arguments in its data, or with the first one among its topics.
Log log_of(const Hash256& topic, std::span<const std::uint8_t> bytes, bool indexed) {
    Log log;
    log.topics = {topic};
    const std::size_t first = indexed ? std::min<std::size_t>(bytes.size(), Hash256::size_bytes) : 0;
    if (indexed) {
        Hash256 argument;
        std::copy_n(bytes.begin(), first, argument.bytes.begin());
        log.topics.push_back(argument);
    }
    log.data.assign(bytes.begin() + static_cast<std::ptrdiff_t>(first), bytes.end());
    return log;
}

Bytes words_of(const Log& log) {
    Bytes words;
    for (std::size_t i = 1; i < log.topics.size(); ++i)
        words.insert(words.end(), log.topics[i].bytes.begin(), log.topics[i].bytes.end());
    words.insert(words.end(), log.data.begin(), log.data.end());
    return words;
}

void require_words(const Bytes& written, const Bytes& words, const char* property) {
    require(words.size() >= written.size() && std::equal(written.begin(), written.end(), words.begin()), property);
}

void check_events(std::span<const std::uint8_t> bytes, bool indexed) {
    const auto log = [&](std::string_view signature) { return log_of(abi::event_topic(signature), bytes, indexed); };
    if (const auto event = parse_cancel_event(log("Cancel(bytes16)")))
        require_words(abi::Encoder().job_id(event->job).finish(), words_of(log("Cancel(bytes16)")), "Cancel");
    const Log status_log = log_of(status_event_topic(), bytes, indexed);
    if (const auto event = parse_status_event(status_log))
        require_words(abi::Encoder()
                          .job_id(event->job)
                          .address(event->node)
                          .number(static_cast<std::uint64_t>(event->status))
                          .finish(),
                      words_of(status_log), "Status");
    const Log reward_log = log("Reward(address,uint256,uint256)");
    if (const auto event = parse_reward_event(reward_log))
        require_words(abi::Encoder().address(event->node).number(event->slot).number(event->gas).finish(),
                      words_of(reward_log), "Reward");
    const Log penalty_log = log("Penalty(address,uint256)");
    if (const auto event = parse_penalty_event(penalty_log))
        require_words(abi::Encoder().address(event->node).amount(event->slashed).finish(), words_of(penalty_log),
                      "Penalty");
    (void)parse_request_event(log("Request(address,bytes16,uint256,uint256)"));

    Log transfer = log_of(transfer_event_topic(), bytes, true);
    transfer.topics.push_back({});
    const Log both[] = {transfer, transfer};
    const TokenFlow flow = token_flow(both, transfer.address, {});
    require(flow.any_transfer == (transfer.data.size() >= abi::word_bytes), "a transfer has a value");
    require(unexplained_gain({}, flow.received, flow) <= flow.sent, "a transfer explains what it brought");
}

void check_views(std::span<const std::uint8_t> bytes) {
    JobId id;
    if (const auto job = decode_job(id, bytes); job && job->exist) require(job->deadline_unix_s >= 0, "times are so");
    if (const auto details = decode_job_details(id, bytes)) {
        const Bytes again = abi::Encoder()
                                .number(details->program_id)
                                .text(details->param)
                                .text(details->dataset)
                                .text(details->result)
                                .finish();
        const auto second = decode_job_details(id, again);
        require(second.has_value() && second->program_id == details->program_id && second->param == details->param &&
                    second->dataset == details->dataset && second->result == details->result,
                "a JOB's details are the same after they were written again");
    }
    if (const auto assign = decode_job_assign(id, bytes))
        require_words(abi::Encoder().address(assign->node).amount(assign->deposit).number(assign->gas).finish(),
                      Bytes(bytes.begin(), bytes.end()), "jobAssigns");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::span bytes(data, size);
    check_events(bytes, false);
    check_events(bytes, true);
    check_views(bytes);
    require(!describe_revert(bytes).empty(), "a revert has a reason");
    (void)withdrawn_slot(Bytes(bytes.begin(), bytes.end()));
    return 0;
}
