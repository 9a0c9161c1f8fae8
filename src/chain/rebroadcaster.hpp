// Sending again, for ever, what the chain has not taken yet: the loop behind TransactionSender::run.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "chain/chain.hpp"
#include "chain/transaction_sender.hpp"

namespace emeth::chain {

class Rebroadcaster {
public:
    Rebroadcaster(Chain& chain, storage::JobStore& store, BlockingPool& pool, Clock& clock, Address wallet,
                  SenderOptions options)
        : chain_(chain), store_(store), pool_(pool), clock_(clock), wallet_(wallet), options_(options) {}

    /// See TransactionSender::run.
    Task<> run();

private:
    using Entries = std::vector<storage::OutboxEntry>;

    Task<Result<void>> round();
    /// Pending entries; all of them when the chain went back behind entries that were marked mined.
    Task<Result<Entries>> entries_to_watch(std::uint64_t transaction_count);
    Task<> broadcast(storage::OutboxEntry entry);
    Task<Result<void>> settle(Entries mined);

    Chain& chain_;
    storage::JobStore& store_;
    BlockingPool& pool_;
    Clock& clock_;
    Address wallet_;
    SenderOptions options_;
    std::uint64_t after_outbox_ = 0;                ///< the nonce after the newest entry seen
    std::map<std::uint64_t, std::string> refused_;  ///< by nonce: what was logged last, so that a line appears once
};

}  // namespace emeth::chain
