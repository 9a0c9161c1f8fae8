// Chain time: the latest block's time plus the monotonic time since it was first seen. Deadlines and slots are decided
// by it, never by the wall clock.
#pragma once

#include <cstdint>
#include <optional>

#include "chain/chain.hpp"
#include "runtime/clock.hpp"
#include "runtime/result.hpp"
#include "runtime/task.hpp"

namespace emeth::chain {

/// Io thread only. Each new block resets the time, so it may step back by as much as the previous estimate was ahead.
class ChainClock {
public:
    static constexpr Milliseconds fresh_for{2'000};

    /// Both must outlive it.
    ChainClock(Chain& chain, Clock& clock) : chain_(chain), clock_(clock) {}

    /// Unix seconds. Asks the chain unless it did so within `fresh_for`; while the chain cannot be reached, the last
    /// block still counts, and an Error means that none was ever seen.
    Task<Result<std::int64_t>> now_unix_s();

    /// As now_unix_s(), from the last block seen, without asking the chain; none before the first.
    [[nodiscard]] std::optional<std::int64_t> estimate_unix_s() const;

private:
    struct Anchor {
        Hash256 block;
        std::int64_t timestamp_unix_s = 0;
        Milliseconds seen_at{0};
    };

    Chain& chain_;
    Clock& clock_;
    std::optional<Anchor> anchor_;
    Milliseconds asked_at_{0};
};

}  // namespace emeth::chain
