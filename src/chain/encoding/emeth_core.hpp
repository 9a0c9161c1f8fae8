// Calls of EmethCore and EMT as ABI-encoded data, and their events.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "chain/chain.hpp"
#include "statemachine/types.hpp"

namespace emeth::chain {

Bytes encode_request(const JobId& id, std::uint64_t program_id, const std::string& dataset, const std::string& param,
                     const Wei& fee, std::int64_t deadline_unix_s);
Bytes encode_cancel(const JobId& id);
Bytes encode_process(const JobId& id);
Bytes encode_decline(const JobId& id);
Bytes encode_submit(const JobId& id, const std::string& result);
Bytes encode_verify(const JobId& id, std::uint64_t gas);
Bytes encode_reject_result(const JobId& id);
Bytes encode_timeout(const JobId& id);
Bytes encode_withdraw_slot_reward(std::uint64_t slot);
Bytes encode_set_verifier(const Address& verifier);
Bytes encode_approve(const Address& spender, const Wei& amount);
Bytes encode_transfer(const Address& to, const Wei& amount);
Bytes encode_mint(const Address& to, const Wei& amount);
Bytes encode_set_minter(const Address& minter);

/// What encode_withdraw_slot_reward() was given; none if `data` is another call.
std::optional<std::uint64_t> withdrawn_slot(const Bytes& data);
/// The amount that encode_approve() was given; none if `data` is another call.
std::optional<Wei> approved_amount(const Bytes& data);

struct RequestEvent {
    Address owner;
    JobId job;
    Wei fee;
    std::int64_t deadline_unix_s = 0;
};
struct CancelEvent {
    JobId job;
};
struct StatusEvent {
    JobId job;
    Address node;
    JobStatus status = JobStatus::requested;
};
struct RewardEvent {
    Address node;
    std::uint64_t slot = 0, gas = 0;
};
struct PenaltyEvent {
    Address node;
    Wei slashed;
};

/// topics[0] of Status events, for filtering.
Hash256 status_event_topic();

/// None if the log is a different event or malformed. The caller must check the
/// contract that emitted it (`log.address`).
std::optional<RequestEvent> parse_request_event(const Log& log);
std::optional<CancelEvent> parse_cancel_event(const Log& log);
std::optional<StatusEvent> parse_status_event(const Log& log);
std::optional<RewardEvent> parse_reward_event(const Log& log);
std::optional<PenaltyEvent> parse_penalty_event(const Log& log);

/// The log that the contract emits for the event; its address, block and transaction are left empty.
Log request_log(const RequestEvent& event);
Log cancel_log(const CancelEvent& event);
Log status_log(const StatusEvent& event);

}  // namespace emeth::chain
