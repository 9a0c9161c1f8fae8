// The ledger of a wallet: every movement of its EMT and all that its own transactions paid for gas, from what the chain
// shows of them. Pure. The entries of a transaction add up to what it did to the balance, whatever the contract did, so
// that a sum of entries can be held against balances.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <vector>

#include "chain/chain.hpp"
#include "chain/signed_amount.hpp"
#include "storage/outbox.hpp"

namespace emeth::node {

enum class LedgerKind : std::uint8_t {
    deposit,           ///< locked by process
    deposit_returned,  ///< all of it, when the JOB ends; what was kept is a penalty beside it
    fee,               ///< what verify paid beyond the deposit
    penalty,           ///< what the end of a JOB kept of its deposit
    reward,            ///< of a slot
    gas,               ///< ALT; also of a transaction that was reverted
    transfer,          ///< any other EMT that came or went
};
inline constexpr std::array ledger_kinds{LedgerKind::deposit, LedgerKind::deposit_returned, LedgerKind::fee,
                                         LedgerKind::penalty, LedgerKind::reward,           LedgerKind::gas,
                                         LedgerKind::transfer};
std::string_view name(LedgerKind kind);

/// Amounts are changes of the wallet's balances, wei.
struct LedgerEntry {
    std::uint64_t block = 0;
    std::int64_t block_unix_s = 0;
    Hash256 transaction;
    std::optional<JobId> job;
    LedgerKind kind = LedgerKind::transfer;
    chain::SignedWei emt, alt;
};

/// A mined transaction of the wallet.
struct OwnTransaction {
    std::uint64_t block = 0;
    Hash256 hash;
    storage::TxKind kind = storage::TxKind::other;
    std::optional<JobId> job;
    bool succeeded = false;
    chain::SignedWei gas;  ///< paid, ALT wei
};

struct LedgerParties {
    Address wallet, core;
};

/// Of whole blocks. Logs are in the order of the chain.
struct LedgerFacts {
    std::vector<chain::Log> transfers;                      ///< events of EMT; those between others count for nothing
    std::vector<chain::Log> core_logs;                      ///< of EmethCore, also about others
    std::vector<OwnTransaction> own;                        ///< in the order of their nonces
    std::map<JobId, Wei> deposits;                          ///< of each of ended_jobs()
    std::map<std::uint64_t, Wei> unlogged_gains;            ///< by block; see unlogged_withdrawals()
    std::map<std::uint64_t, std::int64_t> unix_s_of_block;  ///< of each of blocks_of()
};

/// The wallet's JOBs that end in these logs.
std::set<JobId> ended_jobs(const LedgerParties& parties, const std::vector<chain::Log>& core_logs);
/// Blocks in which the wallet withdrew a reward that the token does not tell of, as the published one never does when
/// it mints: by how much the balance grew is to be asked.
std::set<std::uint64_t> unlogged_withdrawals(const LedgerParties& parties, const LedgerFacts& facts);
/// Blocks that may have entries.
std::set<std::uint64_t> blocks_of(const LedgerParties& parties, const LedgerFacts& facts);

/// In the order of the chain; without those that moved nothing. A withdrawal whose gain is not among the facts has no
/// entry.
std::vector<LedgerEntry> ledger_entries(const LedgerParties& parties, const LedgerFacts& facts);

class LedgerSums {
public:
    void add(const LedgerEntry& entry);
    /// EMT of one kind, and of all.
    [[nodiscard]] const chain::SignedWei& emt(LedgerKind kind) const { return emt_[static_cast<std::size_t>(kind)]; }
    [[nodiscard]] chain::SignedWei emt() const;
    [[nodiscard]] const chain::SignedWei& alt() const { return alt_; }

private:
    std::array<chain::SignedWei, ledger_kinds.size()> emt_{};
    chain::SignedWei alt_;
};

}  // namespace emeth::node
