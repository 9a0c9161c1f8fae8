// Reads the ledger of a wallet from the chain, range by range, and holds it against the wallet's balances.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "chain/archive.hpp"
#include "chain/chain.hpp"
#include "node/money/ledger.hpp"
#include "runtime/clock.hpp"
#include "storage/outbox.hpp"

namespace emeth::node {

/// All must outlive the reading.
struct LedgerPorts {
    chain::Chain& chain;
    chain::Archive& archive;
    Clock& clock;
};

struct LedgerQuestion {
    LedgerParties parties;
    std::uint64_t confirmations = 1;            ///< only blocks at that depth are read; 1: up to the latest
    std::optional<std::int64_t> from_unix_s{};  ///< only blocks from this time on; none: from the first
    std::optional<std::int64_t> to_unix_s{};    ///< only blocks before this time; none: to the last that is confirmed
};

/// What the wallet held at the end of a block; Errors where the endpoint does not keep that state.
struct Holdings {
    Result<Wei> emt, alt;                ///< wei
    Result<std::uint64_t> transactions;  ///< of the wallet, in all blocks so far
};

struct LedgerReport {
    std::uint64_t first_block = 0;
    chain::Block last;  ///< that was read
    LedgerSums sums;
    Holdings before, after;  ///< the first block, and the last
    std::uint64_t own_transactions = 0;
    /// Mined in these blocks according to the outbox, but the endpoint has no receipt, or none with a price: their gas
    /// is not in the sums.
    std::uint64_t without_receipt = 0;
    /// Withdrawals of which neither the token nor a balance tells what they brought.
    std::uint64_t unknown_rewards = 0;

    /// What the balance changed beyond the entries: zero if the ledger is whole. Error: a balance, or a reward, is not
    /// known.
    [[nodiscard]] Result<chain::SignedWei> unexplained_emt() const;
    /// Plain transfers of ALT leave no log, so this is theirs, and the gas of transactions that are not in the outbox.
    [[nodiscard]] Result<chain::SignedWei> alt_besides_gas() const;
    /// The wallet's transactions that are not in the outbox, or are without_receipt.
    [[nodiscard]] Result<std::uint64_t> foreign_transactions() const;
};

using ReadOutbox = std::function<Result<std::vector<storage::OutboxEntry>>()>;

/// The outbox names the wallet's own transactions; what others did is found by the logs. It is read once the last block
/// is known: as a transaction is there before it is sent, none of these blocks is missing. `enter` gets each entry in
/// the order of the chain, also before an Error that comes later. Shows its progress on stderr. Errors: a transaction
/// of another wallet; no block in the range; the endpoint or the outbox fails; the chain was reorganised meanwhile.
Task<Result<LedgerReport>> read_ledger(LedgerPorts ports, LedgerQuestion question, ReadOutbox outbox,
                                       std::function<void(const LedgerEntry&)> enter);

}  // namespace emeth::node
