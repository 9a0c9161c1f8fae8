// Which JOBs of the list changed lately, and who waits for the next change. Io thread only.
#pragma once

#include <cstdint>
#include <deque>
#include <list>
#include <optional>
#include <vector>

#include "runtime/clock.hpp"
#include "runtime/task.hpp"
#include "runtime/wakeup.hpp"
#include "statemachine/types.hpp"

namespace emeth::network {

class ChangeFeed {
public:
    static constexpr std::size_t kept_max = 10'000;

    /// `clock` must outlive it.
    ChangeFeed(asio::any_io_executor executor, Clock& clock) : executor_(std::move(executor)), clock_(clock) {}

    void publish(const std::vector<JobId>& jobs);
    /// How many changes there were since the start.
    [[nodiscard]] std::uint64_t count() const { return count_; }
    /// The JOBs that changed since there were `seen` changes, each once, the latest change last; none: that is too long
    /// ago.
    [[nodiscard]] std::optional<std::vector<JobId>> since(std::uint64_t seen) const;
    /// Until there are more than `seen` changes, or for `limit`.
    Task<> wait(std::uint64_t seen, Milliseconds limit);

private:
    asio::any_io_executor executor_;
    Clock& clock_;
    std::deque<JobId> kept_;  ///< the latest changes, oldest first
    std::uint64_t count_ = 0;
    std::list<Wakeup> waiters_;
};

}  // namespace emeth::network
