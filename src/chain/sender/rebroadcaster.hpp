// The loop behind TransactionSender::run: resends what the chain has not mined yet, and replaces it at a higher price
// if its offer is too low.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "chain/chain.hpp"
#include "chain/sender/fee_bump.hpp"
#include "chain/sender/transaction_sender.hpp"

namespace emeth::chain {

class Rebroadcaster {
public:
    Rebroadcaster(SenderPorts ports, SenderOptions options) : ports_(ports), options_(options) {}

    /// See TransactionSender::run.
    Task<> run();

private:
    using Entries = std::vector<storage::OutboxEntry>;

    Task<Result<void>> round();
    /// The variant that was made durable for the lowest unmined nonce; none if it need not or cannot be replaced.
    Task<Result<std::optional<storage::Replacement>>> replace_if_stuck(storage::OutboxEntry lowest);
    Task<Result<std::optional<storage::Replacement>>> replace(storage::OutboxEntry lowest, Fees market);
    /// The newest variant; if that is refused, the earlier ones, which cost less.
    Task<> broadcast(storage::OutboxEntry entry);
    Task<Result<void>> settle(Entries mined);

    SenderPorts ports_;
    SenderOptions options_;
    PriceWait wait_;
    std::optional<std::uint64_t> at_ceiling_;       ///< the nonce for which this was logged
    std::map<std::uint64_t, std::string> refused_;  ///< by nonce: what was logged last, so that each line appears once
};

}  // namespace emeth::chain
