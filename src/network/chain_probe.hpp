// Whether the chain answers, for a server's /readyz. Io thread only.
#pragma once

#include <optional>

#include "chain/chain.hpp"
#include "runtime/async_mutex.hpp"
#include "runtime/clock.hpp"

namespace emeth::network {

class ChainProbe {
public:
    /// Strangers may ask a server as often as they like; the chain is asked no more often than this.
    static constexpr Milliseconds interval{5'000};

    /// `chain` and `clock` must outlive it.
    ChainProbe(asio::any_io_executor executor, chain::Chain& chain, const Clock& clock)
        : one_at_a_time_(std::move(executor)), chain_(chain), clock_(clock) {}

    Task<bool> answers();

private:
    AsyncMutex one_at_a_time_;
    chain::Chain& chain_;
    const Clock& clock_;
    std::optional<Milliseconds> asked_at_;  ///< monotonic
    bool answered_ = false;
};

}  // namespace emeth::network
