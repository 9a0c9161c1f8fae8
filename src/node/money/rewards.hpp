// What a node earns in addition to fees. The gas of every verified JOB earns a share of that day's EMT, which the node
// must withdraw once the day's slot has closed. This room sends those withdrawals; the transactions of a JOB belong to
// pipeline/, and the decision on deposits to market/. Io thread only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "chain/chain.hpp"
#include "chain/sender/transaction_sender.hpp"
#include "runtime/async_mutex.hpp"
#include "runtime/blocking_pool.hpp"
#include "runtime/clock.hpp"
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
};

struct RewardsOptions {
    Address core, token;
    std::uint64_t confirmations = 1;  ///< a slot is settled for good once the block that closed it is that deep
    Milliseconds interval{0};         ///< between rounds
};

class Rewards {
public:
    /// Slots read per round.
    static constexpr std::uint64_t slots_per_round_max = 400;

    Rewards(asio::any_io_executor executor, RewardsPorts ports, RewardsOptions options)
        : ports_(ports), options_(options), one_at_a_time_(std::move(executor)) {}

    /// Runs rounds forever. Of consecutive failures only the first is logged; the next round tries again.
    Task<> run();
    /// Withdraws everything that is due, and returns what was withdrawn. An error stops at the slot that it concerns;
    /// the next call resumes there.
    Task<Result<std::vector<Withdrawal>>> withdraw_due();
    /// Withdraws one slot. Error: still open, no gas of this wallet in it, or already withdrawn.
    Task<Result<Withdrawal>> withdraw_slot(std::uint64_t slot);
    /// EMT wei that withdrawals have brought since this process started; unknown amounts are left out.
    [[nodiscard]] const Wei& withdrawn() const { return withdrawn_; }

private:
    Task<Result<void>> settle_pending();
    Task<Result<std::uint64_t>> open_slot(std::uint64_t depth, std::int64_t seconds_before);
    Task<Result<std::uint64_t>> first_unsettled_slot();
    Task<Result<Withdrawal>> withdraw(std::uint64_t slot);
    Task<Result<Withdrawal>> account_for(std::uint64_t slot, chain::Receipt receipt);
    Task<std::optional<Wei>> amount_received(chain::Receipt receipt);
    Task<Result<void>> set_cursor(std::string key, std::string value);

    RewardsPorts ports_;
    RewardsOptions options_;
    AsyncMutex one_at_a_time_;
    Wei withdrawn_;
};

}  // namespace emeth::node
