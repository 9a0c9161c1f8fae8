#include "chain/encoding/token_transfers.hpp"

#include "chain/amount.hpp"
#include "chain/encoding/abi.hpp"
#include "chain/encoding/emeth_core.hpp"

namespace emeth::chain {

Hash256 transfer_event_topic() {
    static const Hash256 topic = abi::event_topic("Transfer(address,address,uint256)");
    return topic;
}

std::optional<TransferEvent> parse_transfer_event(const Log& log) {
    if (log.topics.size() != 3 || log.topics[0] != transfer_event_topic()) return std::nullopt;
    abi::Decoder in(log.data, "Transfer");
    const Wei value = in.amount("value");
    if (!in.check()) return std::nullopt;
    return TransferEvent{log.topics[1], log.topics[2], value};
}

bool ends_a_job(JobStatus status) {
    return status == JobStatus::verified || status == JobStatus::failed || status == JobStatus::timeout ||
           status == JobStatus::declined;
}

TokenFlow token_flow(std::span<const Log> logs, const Address& token, const Address& account) {
    const Hash256 own = abi::word_of(account);
    TokenFlow flow;
    for (const Log& log : logs) {
        if (log.address != token) continue;
        const std::optional<TransferEvent> transfer = parse_transfer_event(log);
        if (!transfer) continue;
        flow.any_transfer = true;
        if (transfer->to == own) flow.received = saturating_sum(flow.received, transfer->value);
        if (transfer->from == own) flow.sent = saturating_sum(flow.sent, transfer->value);
    }
    return flow;
}

std::optional<Wei> gain_in(const Receipt& receipt, const Address& token, const Address& account) {
    const TokenFlow flow = token_flow(receipt.logs, token, account);
    if (!flow.any_transfer) return std::nullopt;
    return saturating_difference(flow.received, flow.sent);
}

Settlement settlement_in(const Receipt& receipt, const Address& core, const Address& token, const Address& node) {
    Settlement settlement;
    int jobs_ended = 0;
    for (const Log& log : receipt.logs) {
        if (log.address != core) continue;
        const std::optional<StatusEvent> status = parse_status_event(log);
        if (status && status->node == node && ends_a_job(status->status)) ++jobs_ended;
        const std::optional<PenaltyEvent> penalty = parse_penalty_event(log);
        if (penalty && penalty->node == node)
            settlement.slashed = saturating_sum(settlement.slashed.value_or(Wei{}), penalty->slashed);
    }
    if (jobs_ended > 1) return {};  // nobody can tell which part is whose
    settlement.received = gain_in(receipt, token, node);
    return settlement;
}

Wei unexplained_gain(const Wei& before, const Wei& after, const TokenFlow& flow) {
    return saturating_difference(saturating_sum(after, flow.sent), saturating_sum(before, flow.received));
}

}  // namespace emeth::chain
