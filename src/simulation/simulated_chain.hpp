// The network's chain as a model: blocks, a pool of the node's transactions, the contract's money rules and
// reorganisations. What the node's transactions must never do is checked here, where it would take effect.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "chain/chain.hpp"
#include "chain/encoding/transaction.hpp"
#include "simulation/dice.hpp"
#include "simulation/weather.hpp"

namespace emeth::simulation {

/// Thousandths of an EMT: fees are whole EMT, so that quarters of them have no fractions.
using Amount = std::int64_t;
inline constexpr Amount emt = 1'000;
Wei wei_of(Amount amount);

struct ChainJob {
    chain::JobRecord record;
    chain::JobDetails details;
    chain::JobAssign assign;
    Amount fee = 0, deposit = 0;
};

struct SlotGas {
    std::uint64_t total = 0, own = 0, own_left = 0;
};

/// The contract's state after a block.
struct Ledger {
    std::map<JobId, ChainJob> jobs;
    std::map<Address, Amount> balances;
    Amount allowance = 0;  ///< of the node's wallet for the contract
    Amount held = 0;       ///< by the contract: open fees and deposits
    Amount supply = 0;
    std::uint64_t nonce = 0;  ///< of the node's wallet
    std::map<std::uint64_t, SlotGas> slots;
};

class SimulatedChain {
public:
    static constexpr std::int64_t genesis_unix_s = 1'700'000'000;
    static constexpr std::int64_t block_seconds = 2;
    static constexpr std::uint64_t base_price = 1'000'000'000;  ///< wei per gas

    SimulatedChain(Dice dice, Address wallet, Violations& violations, const Trace& trace);

    // What others do. It takes effect in the next block in which it can, and again after a reorganisation took it back.
    void request(JobId id, Address owner, std::string dataset, std::string param, Amount fee,
                 std::int64_t deadline_unix_s);
    void cancel(JobId id);
    void process_by(JobId id, Address rival);
    void verify(JobId id, std::uint64_t gas);
    void reject(JobId id);
    void time_out(JobId id);

    /// Mines a block with what is pending and pays at least `price` per gas.
    void mine(std::uint64_t price);
    void pass_time(std::int64_t seconds) { skipped_s_ += seconds; }
    /// Replaces the last `depth` blocks. Their transactions are pending again, except a few that the pools forgot.
    void reorganise(std::uint64_t depth);

    /// Puts a transaction of the node into the pool, or refuses it as Ethereum nodes do ("nonce too low",
    /// "underpriced", …).
    Result<void> accept(const chain::Bytes& raw);
    /// The reason for which the call would revert now; none when it would succeed.
    [[nodiscard]] std::optional<std::string> revert_reason(const chain::Bytes& data) const;

    [[nodiscard]] std::uint64_t head() const { return blocks_.size() - 1; }
    [[nodiscard]] const chain::Block& header(std::uint64_t number) const { return blocks_.at(number).header; }
    [[nodiscard]] const Ledger& ledger(std::uint64_t block) const { return *blocks_.at(block).after; }
    [[nodiscard]] const Ledger& latest() const { return *blocks_.back().after; }
    [[nodiscard]] std::int64_t now_unix_s() const { return blocks_.back().header.timestamp_unix_s; }
    [[nodiscard]] std::optional<chain::Receipt> receipt(const Hash256& hash, std::uint64_t head) const;
    /// Of one JOB, or of all.
    [[nodiscard]] std::vector<chain::StatusLog> status_logs(const std::optional<JobId>& id, std::uint64_t from_block,
                                                            std::uint64_t head) const;
    /// The same with the requests and what was cancelled, which the contract tells by events of their own.
    [[nodiscard]] std::vector<chain::StatusLog> all_events(std::uint64_t from_block, std::uint64_t head) const;
    /// Empty for a transaction that ended no JOB.
    [[nodiscard]] chain::Settlement settlement(const Hash256& transaction) const;

    /// How often the node's own calls of this kind ("process") took effect for the JOB, on the chain as it stands.
    [[nodiscard]] int effects(const std::string& kind, const JobId& id) const;

    /// The allowance that the node's wallet may never exceed; none: any.
    std::optional<Amount> allowance_cap;
    const chain::Constants constants;
    const Address wallet, requester, verifier;

private:
    struct Pooled {
        Hash256 hash;
        chain::Transaction transaction;
    };
    struct Event {
        JobId job;
        chain::StatusLog log;
        std::string kind;  ///< of the node's own transaction; empty: another sender's
    };
    /// What a transaction that ended a JOB did to the deposit.
    struct Payout {
        Amount received = 0, lost = 0;
    };
    /// What a call of the node did.
    struct Effect {
        std::optional<Event> event;
        Amount minted = 0;
        std::optional<Payout> payout;
    };
    struct Block {
        chain::Block header;
        std::shared_ptr<const Ledger> after;
        std::vector<Pooled> transactions;
    };
    /// What others want to do. `apply` returns the JOB's new status; none when it has no effect.
    struct Wish {
        Hash256 hash;
        std::function<std::optional<chain::JobStatus>(Ledger&, std::int64_t now_unix_s)> apply;
        JobId job;
        std::uint64_t done_in = 0;  ///< block; 0: not yet
    };

    void wish(JobId id, std::function<std::optional<chain::JobStatus>(Ledger&, std::int64_t)> apply);
    void apply_wishes(Ledger& ledger, Block& block);
    void apply_pool(Ledger& ledger, Block& block, std::uint64_t price);
    void run(const Pooled& sent, Ledger& ledger, Block& block);
    /// The revert reason; none when the call succeeded and changed `ledger`.
    std::optional<std::string> execute(const chain::Bytes& data, Ledger& ledger, std::int64_t now_unix_s,
                                       Effect& effect) const;
    void watch_intent(const Pooled& sent);
    void check_money(const Ledger& ledger);
    Payout end_with_penalty(Ledger& ledger, ChainJob& job, std::uint64_t rate, Amount verifier_fee) const;

    Dice dice_;
    Violations& violations_;
    const Trace& trace_;
    std::vector<Block> blocks_;
    std::deque<Wish> wishes_;
    std::map<std::uint64_t, Pooled> pool_;           ///< by nonce
    std::map<Hash256, Pooled> decoded_;              ///< everything that was ever sent
    std::map<std::uint64_t, chain::Bytes> intents_;  ///< by nonce: receiver and data
    std::map<std::pair<std::string, JobId>, std::set<std::uint64_t>> nonces_of_;
    std::map<Hash256, Payout> payouts_;
    std::vector<Event> events_;                   ///< of the blocks that stand
    std::map<Hash256, chain::Receipt> receipts_;  ///< of the blocks that stand
    std::uint64_t wishes_made_ = 0;
    std::int64_t skipped_s_ = 0;
};

}  // namespace emeth::simulation
