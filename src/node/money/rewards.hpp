// What a node earns in addition to fees. The gas of every verified JOB earns a share of that day's EMT, which the node
// must withdraw once the day's slot has closed. This room sends those withdrawals; the transactions of a JOB belong to
// pipeline/, and the decision on deposits to market/. Io thread only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "chain/chain.hpp"
#include "chain/chain_clock.hpp"
#include "chain/sender/transaction_sender.hpp"
#include "runtime/async_mutex.hpp"
#include "runtime/blocking_pool.hpp"
#include "runtime/clock.hpp"
#include "runtime/random.hpp"
#include "storage/notes.hpp"
#include "storage/outbox.hpp"

namespace emeth::node {

/// The note of a slot that has been withdrawn: the amount as decimal wei, or "unknown".
std::string withdrawal_cursor(std::uint64_t slot);

struct Withdrawal {
    std::uint64_t slot = 0;
    std::optional<Wei> amount;  ///< EMT wei; none: unknown
    Hash256 transaction;
};

/// All must outlive the rewards.
struct RewardsPorts {
    chain::Chain& chain;
    chain::TransactionSender& sender;
    storage::Outbox& outbox;
    storage::Notes& notes;
    BlockingPool& pool;
    Clock& clock;
    Random& random;
};

struct RewardsOptions {
    Address core, token;
    std::uint64_t confirmations = 1;  ///< a slot is settled for good once the block that closed it is that deep
};

class Rewards {
public:
    /// Slots read per round.
    static constexpr std::uint64_t slots_per_round_max = 400;

    Rewards(asio::any_io_executor executor, RewardsPorts ports, RewardsOptions options)
        : ports_(ports),
          options_(options),
          chain_clock_(ports_.chain, ports_.clock),
          one_at_a_time_(std::move(executor)) {}

    /// Chain time is asked that often, since a chain may jump: a halted one that goes on, a devnet whose days are
    /// skipped.
    static constexpr Milliseconds look_interval{15'000};

    /// Runs rounds forever: one at once, for what an earlier process left, then by chain time
    /// (withdrawal_schedule.hpp). A round that fails is tried again after an exponential back-off; of consecutive
    /// failures only the first is logged.
    Task<> run();
    /// Withdraws everything that is due, and returns what was withdrawn. An error stops at the slot that it concerns;
    /// the next call resumes there.
    Task<Result<std::vector<Withdrawal>>> withdraw_due();
    /// Withdraws one slot. Error: still open, no gas of this wallet in it, or already withdrawn.
    Task<Result<Withdrawal>> withdraw_slot(std::uint64_t slot);
    /// EMT wei that withdrawals have brought since this process started; unknown amounts are left out.
    [[nodiscard]] const Wei& withdrawn() const { return withdrawn_; }

private:
    struct Round {
        std::vector<Withdrawal> withdrawn;
        std::int64_t read_at_unix_s = 0;  ///< time of the block by which slots counted as closed
        bool read_all = false;            ///< every slot that was closed then
    };

    Task<Result<Round>> round();
    Task<> wait_until(std::int64_t due_unix_s);
    Task<Result<void>> settle_pending();
    Task<Result<std::int64_t>> time_of_block(std::uint64_t depth);
    Task<Result<std::uint64_t>> first_unsettled_slot(std::uint64_t open);
    Task<Result<Withdrawal>> withdraw(std::uint64_t slot);
    Task<Result<Withdrawal>> account_for(std::uint64_t slot, chain::Receipt receipt);
    Task<std::optional<Wei>> amount_received(chain::Receipt receipt);
    Task<Result<void>> set_cursor(std::string key, std::string value);

    RewardsPorts ports_;
    RewardsOptions options_;
    chain::ChainClock chain_clock_;
    AsyncMutex one_at_a_time_;
    Wei withdrawn_;
};

}  // namespace emeth::node
