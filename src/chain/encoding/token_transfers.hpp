// What transactions did to EMT balances, according to the events that they left. Pure.
#pragma once

#include <optional>
#include <span>

#include "chain/chain.hpp"
#include "statemachine/types.hpp"

namespace emeth::chain {

/// topics[0] of Transfer events (ERC-20), for filtering.
Hash256 transfer_event_topic();

struct TransferEvent {
    Hash256 from, to;  ///< as words of the ABI; zero: minted, burned
    Wei value;
};
/// None if the log is a different event or malformed. The caller must check the token that emitted it (`log.address`).
std::optional<TransferEvent> parse_transfer_event(const Log& log);

/// Whether a node's deposit is settled with this status.
bool ends_a_job(JobStatus status);

/// The Transfer events of one token that concern one account.
struct TokenFlow {
    bool any_transfer = false;  ///< whether there is a Transfer event of the token at all, of any account
    Wei received, sent;         ///< by the account, wei; saturating
};
TokenFlow token_flow(std::span<const Log> logs, const Address& token, const Address& account);

/// EMT that a transaction brought `account`, wei. None: its receipt holds no Transfer event of `token`, and the
/// published token emits none when it mints.
std::optional<Wei> gain_in(const Receipt& receipt, const Address& token, const Address& account);

/// What the receipt of a transaction that ended a JOB of `node` shows; `core` and `token` are the contracts whose
/// events count.
Settlement settlement_in(const Receipt& receipt, const Address& core, const Address& token, const Address& node);

/// The part of a balance's growth that `flow`, of the same block, does not explain.
Wei unexplained_gain(const Wei& before, const Wei& after, const TokenFlow& flow);

}  // namespace emeth::chain
