// Waiting for one transaction to become final: the polling behind TransactionSender::await_outcome.
#pragma once

#include <cstdint>
#include <optional>

#include "chain/chain.hpp"
#include "chain/sender/transaction_sender.hpp"

namespace emeth::chain {

/// Whether a nonce that the chain counts as used belongs to somebody else. Deliberately decides late: a wrong decision
/// would give up a transaction that may still take effect.
class ForeignNonce {
public:
    static constexpr std::uint32_t polls_min = 10;

    /// Our transaction was seen, or the nonce is free: nothing is suspected.
    void clear() { polls_ = 0; }
    /// The nonce is used, and nobody knows our transaction, at block `latest`. True once this has been the case for
    /// polls_min polls and for `confirmations` blocks, including the one of the first poll.
    bool suspected(std::uint64_t latest, std::uint64_t confirmations);

private:
    std::uint32_t polls_ = 0;
    std::uint64_t first_block_ = 0;
};

class OutcomeWatch {
public:
    OutcomeWatch(SenderPorts ports, SenderOptions options) : ports_(ports), options_(options) {}

    /// See TransactionSender::await_outcome.
    Task<Result<TxOutcome>> run(std::uint64_t nonce, Hash256 hash);

private:
    /// One poll. None: ask again later. `taken` is set if the nonce belongs to somebody else.
    Task<Result<std::optional<Receipt>>> poll(std::uint64_t nonce, Hash256 hash);
    Task<Result<bool>> is_final(Receipt receipt);
    Task<Result<void>> look_for_foreign(std::uint64_t nonce);
    Task<std::string> reason_of(std::uint64_t nonce, Hash256 hash, Receipt receipt);

    SenderPorts ports_;
    SenderOptions options_;
    ForeignNonce foreign_;
    bool taken_ = false;
};

}  // namespace emeth::chain
