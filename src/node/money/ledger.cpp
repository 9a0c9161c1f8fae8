#include "node/money/ledger.hpp"

#include <algorithm>
#include <numeric>
#include <tuple>
#include <utility>

#include "chain/encoding/abi.hpp"
#include "chain/encoding/emeth_core.hpp"
#include "chain/encoding/token_transfers.hpp"

namespace emeth::node {
namespace {

using chain::SignedWei;

/// The Status event of a JOB of the wallet; none if the log is anything else.
std::optional<chain::StatusEvent> own_status(const LedgerParties& parties, const chain::Log& log) {
    if (log.address != parties.core) return std::nullopt;
    std::optional<chain::StatusEvent> status = chain::parse_status_event(log);
    if (status && status->node != parties.wallet) return std::nullopt;
    return status;
}

bool concerns(const LedgerParties& parties, const chain::TransferEvent& transfer) {
    const Hash256 own = chain::abi::word_of(parties.wallet);
    return (transfer.from == own) != (transfer.to == own);  // what it sent to itself moved nothing
}

/// What one transaction did, as far as it concerns the wallet.
struct Movements {
    std::uint64_t block = 0;
    std::uint32_t log = 0;  ///< the index of one of its logs, if there is any
    Hash256 transaction;
    const OwnTransaction* own = nullptr;  ///< none: it is somebody else's
    std::vector<chain::TransferEvent> transfers;
    std::vector<JobId> taken;
    std::vector<chain::StatusEvent> ended;
    SignedWei slashed;  ///< according to Penalty events, which not every contract sends
};

/// Turns the movements of one transaction into entries.
class Bookkeeper {
public:
    Bookkeeper(const LedgerParties& parties, const LedgerFacts& facts, std::vector<LedgerEntry>& entries)
        : wallet_(chain::abi::word_of(parties.wallet)),
          core_(chain::abi::word_of(parties.core)),
          facts_(facts),
          unlogged_gains_(facts.unlogged_gains),
          entries_(entries) {}

    void enter(const Movements& movements) {
        movements_ = &movements;
        if (movements.own != nullptr) add(LedgerKind::gas, movements.own->job, 0, -movements.own->gas);
        enter_transfers();
        if (!movements.ended.empty()) settle();
        if (withdraws() && movements.own->succeeded) enter_unlogged_gain();
    }

private:
    void add(LedgerKind kind, std::optional<JobId> job, const SignedWei& emt, const SignedWei& alt = 0) {
        if (emt == 0 && alt == 0) return;
        entries_.push_back({movements_->block, facts_.unix_s_of_block.at(movements_->block), movements_->transaction,
                            job, kind, emt, alt});
    }

    /// All but what the contract paid when it ended a JOB.
    void enter_transfers() {
        std::size_t locked = 0;
        const auto is_locked = [&](const auto& transfer) { return transfer.from == wallet_ && transfer.to == core_; };
        const bool are_deposits = static_cast<std::size_t>(std::ranges::count_if(movements_->transfers, is_locked)) ==
                                  movements_->taken.size();
        for (const chain::TransferEvent& transfer : movements_->transfers) {
            const SignedWei value = chain::to_signed(transfer.value);
            if (is_locked(transfer) && are_deposits)
                add(LedgerKind::deposit, movements_->taken[locked++], -value);
            else if (transfer.from == wallet_)
                add(LedgerKind::transfer, std::nullopt, -value);
            else if (transfer.from.is_zero() && withdraws())
                add(LedgerKind::reward, std::nullopt, value);
            else if (!is_settlement(transfer))
                add(LedgerKind::transfer, std::nullopt, value);
        }
    }

    /// Whatever is not told otherwise was kept of the deposits, or is a fee. Who ends several JOBs at once does not
    /// show which part is whose.
    void settle() {
        SignedWei rest = movements_->slashed;
        for (const chain::TransferEvent& transfer : movements_->transfers)
            if (is_settlement(transfer)) rest += chain::to_signed(transfer.value);
        bool all_are_verified = true;
        for (const chain::StatusEvent& end : movements_->ended) {
            const SignedWei deposit = chain::to_signed(facts_.deposits.at(end.job));
            add(LedgerKind::deposit_returned, end.job, deposit);
            rest -= deposit;
            all_are_verified = all_are_verified && end.status == chain::JobStatus::verified;
        }
        const auto job = movements_->ended.size() == 1 ? std::optional(movements_->ended.front().job) : std::nullopt;
        const SignedWei missing = rest < 0 ? rest : SignedWei(0);
        add(LedgerKind::penalty, job, missing - movements_->slashed);
        add(all_are_verified ? LedgerKind::fee : LedgerKind::transfer, job, rest - missing);
    }

    /// Of several withdrawals in a block the balance does not show which brought what: the first has it all.
    void enter_unlogged_gain() {
        const auto gain = unlogged_gains_.extract(movements_->block);
        if (!gain.empty()) add(LedgerKind::reward, std::nullopt, chain::to_signed(gain.mapped()));
    }

    [[nodiscard]] bool is_settlement(const chain::TransferEvent& transfer) const {
        return transfer.from == core_ && !movements_->ended.empty();
    }
    [[nodiscard]] bool withdraws() const {
        return movements_->own != nullptr && movements_->own->kind == storage::TxKind::withdraw;
    }

    Hash256 wallet_, core_;
    const LedgerFacts& facts_;
    std::map<std::uint64_t, Wei> unlogged_gains_;  ///< those without an entry
    std::vector<LedgerEntry>& entries_;
    const Movements* movements_ = nullptr;
};

/// By transaction, in the order of the chain.
class MovementsByTransaction {
public:
    MovementsByTransaction(const LedgerParties& parties, const LedgerFacts& facts) {
        for (const OwnTransaction& own : facts.own) at(own.block, own.hash).own = &own;
        for (const chain::Log& log : facts.transfers) take_transfer(parties, log);
        for (const chain::Log& log : facts.core_logs) take_core_log(parties, log);
        std::ranges::stable_sort(movements_, {}, [](const Movements& of) { return std::tie(of.block, of.log); });
    }
    [[nodiscard]] const std::vector<Movements>& all() const { return movements_; }

private:
    void take_transfer(const LedgerParties& parties, const chain::Log& log) {
        const auto transfer = chain::parse_transfer_event(log);
        if (transfer && concerns(parties, *transfer)) at(log).transfers.push_back(*transfer);
    }
    void take_core_log(const LedgerParties& parties, const chain::Log& log) {
        if (const auto status = own_status(parties, log)) {
            if (status->status == chain::JobStatus::processing) at(log).taken.push_back(status->job);
            if (chain::ends_a_job(status->status)) at(log).ended.push_back(*status);
            return;
        }
        const auto penalty = log.address == parties.core ? chain::parse_penalty_event(log) : std::nullopt;
        if (penalty && penalty->node == parties.wallet) at(log).slashed += chain::to_signed(penalty->slashed);
    }

    Movements& at(const chain::Log& log) {
        Movements& found = at(log.block, log.transaction);
        found.log = log.index;
        return found;
    }
    Movements& at(std::uint64_t block, const Hash256& transaction) {
        const auto [place, is_new] = places_.try_emplace({block, transaction}, movements_.size());
        if (is_new) {
            movements_.emplace_back().block = block;
            movements_.back().transaction = transaction;
        }
        return movements_[place->second];
    }

    std::map<std::pair<std::uint64_t, Hash256>, std::size_t> places_;
    std::vector<Movements> movements_;
};

}  // namespace

std::string_view name(LedgerKind kind) {
    switch (kind) {
        case LedgerKind::deposit:
            return "deposit";
        case LedgerKind::deposit_returned:
            return "deposit_returned";
        case LedgerKind::fee:
            return "fee";
        case LedgerKind::penalty:
            return "penalty";
        case LedgerKind::reward:
            return "reward";
        case LedgerKind::gas:
            return "gas";
        case LedgerKind::transfer:
            return "transfer";
    }
    return "unknown";
}

std::set<JobId> ended_jobs(const LedgerParties& parties, const std::vector<chain::Log>& core_logs) {
    std::set<JobId> jobs;
    for (const chain::Log& log : core_logs)
        if (const auto status = own_status(parties, log); status && chain::ends_a_job(status->status))
            jobs.insert(status->job);
    return jobs;
}

std::set<std::uint64_t> unlogged_withdrawals(const LedgerParties& parties, const LedgerFacts& facts) {
    std::set<Hash256> told;
    for (const chain::Log& log : facts.transfers)
        if (const auto transfer = chain::parse_transfer_event(log);
            transfer && concerns(parties, *transfer) && transfer->from.is_zero())
            told.insert(log.transaction);
    std::set<std::uint64_t> blocks;
    for (const OwnTransaction& own : facts.own)
        if (own.kind == storage::TxKind::withdraw && own.succeeded && !told.contains(own.hash))
            blocks.insert(own.block);
    return blocks;
}

std::set<std::uint64_t> blocks_of(const LedgerParties& parties, const LedgerFacts& facts) {
    std::set<std::uint64_t> blocks;
    const MovementsByTransaction movements(parties, facts);
    for (const Movements& of : movements.all()) blocks.insert(of.block);
    return blocks;
}

std::vector<LedgerEntry> ledger_entries(const LedgerParties& parties, const LedgerFacts& facts) {
    std::vector<LedgerEntry> entries;
    Bookkeeper bookkeeper(parties, facts, entries);
    const MovementsByTransaction movements(parties, facts);
    for (const Movements& of : movements.all()) bookkeeper.enter(of);
    return entries;
}

void LedgerSums::add(const LedgerEntry& entry) {
    emt_[static_cast<std::size_t>(entry.kind)] += entry.emt;
    alt_ += entry.alt;
}

SignedWei LedgerSums::emt() const {
    return std::accumulate(emt_.begin(), emt_.end(), SignedWei(0));
}

}  // namespace emeth::node
