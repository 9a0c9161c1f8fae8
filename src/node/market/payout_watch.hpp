// Looks at what VERIFIED JOBs on this contract brought their nodes, this node's and others', before a deposit is made.
// Io thread only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "chain/chain.hpp"
#include "chain/reorganisation.hpp"
#include "node/market/payout.hpp"
#include "runtime/async_mutex.hpp"
#include "runtime/blocking_pool.hpp"
#include "runtime/clock.hpp"
#include "storage/notes.hpp"

namespace emeth::node {

class PayoutWatch {
public:
    /// How many of the newest payouts count; the worst of them decides.
    static constexpr std::size_t payouts_max = 3;
    /// How many verdicts one look examines to find them, since a receipt need not tell.
    static constexpr std::size_t examined_max = 8;
    /// How far back the first look goes, and how many blocks are asked for at a time.
    static constexpr std::uint64_t blocks_back_max = 50'000, blocks_at_once = 2'000;
    /// So many every endpoint has: without them no JOB is taken.
    static constexpr std::uint64_t newest_blocks = 2 * chain::reorganisation_blocks_max;
    /// Others' verdicts are read again after this; the node's own always.
    static constexpr Milliseconds others_again_after{3'600'000};
    /// How often it is said that no JOB is taken.
    static constexpr Milliseconds told_again_after{3'600'000};
    /// After so many looks that failed, a look goes on without what cannot be read: an endpoint may keep neither old
    /// logs nor old receipts.
    static constexpr std::uint32_t failures_max = 3;

    /// All must outlive it.
    struct Ports {
        chain::Chain& chain;
        storage::Notes& notes;
        BlockingPool& pool;
        Clock& clock;
    };
    struct Options {
        Address self;  ///< the node's wallet
        chain::Constants constants;
        Wei shortfall_max;  ///< of the settings, for what is said
    };

    PayoutWatch(asio::any_io_executor executor, Ports ports, Options options)
        : ports_(ports), options_(options), one_at_a_time_(std::move(executor)) {}

    /// The worst of the newest payouts, up to the latest block; none if all were paid in full, or none is known.
    Task<Result<std::optional<Payout>>> worst();

private:
    Task<Result<void>> look();
    Task<Result<void>> restore();
    Task<Result<void>> store(std::uint64_t head);
    Task<Result<std::vector<chain::StatusLog>>> verdicts(std::uint64_t first, std::uint64_t head);
    Task<Result<std::optional<Payout>>> payout_of(chain::StatusLog verdict);
    [[nodiscard]] bool counts(const chain::StatusLog& log) const;
    /// Whether the look goes on despite the failure.
    [[nodiscard]] bool goes_on(const Error& failure);
    void tell();

    Ports ports_;
    Options options_;
    AsyncMutex one_at_a_time_;
    bool restored_ = false;
    PayoutNote known_;
    std::optional<std::uint64_t> looked_to_, stored_to_;  ///< blocks
    std::optional<std::uint64_t> others_looked_to_;       ///< the block up to which others' verdicts were read
    std::optional<Milliseconds> others_read_at_, told_at_;
    std::uint32_t failures_ = 0;
    bool reads_others_ = true;  ///< in the look in hand
};

}  // namespace emeth::node
