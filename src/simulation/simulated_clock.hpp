// Virtual time: it advances from one wake-up to the next, so that hours of a node's life take milliseconds. Wall time
// may jump; monotonic time does not.
#pragma once

#include <algorithm>
#include <boost/asio/experimental/channel.hpp>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>

#include "runtime/clock.hpp"

namespace emeth::simulation {

class SimulatedClock final : public Clock {
public:
    static constexpr std::int64_t start_unix_ms = 1'700'000'000'000;

    explicit SimulatedClock(asio::any_io_executor executor) : executor_(std::move(executor)) {}

    [[nodiscard]] std::int64_t unix_ms() const override { return start_unix_ms + now_.count() + wall_offset_.count(); }
    [[nodiscard]] Milliseconds monotonic() const override { return now_; }
    Task<> sleep(Milliseconds duration) override {
        Sleeper sleeper(*this, now_ + std::max(duration, Milliseconds(1)));
        co_await sleeper.wake.async_receive(asio::use_awaitable);
    }

    /// A clock that was set this wrong stays so.
    void set_wall_off(Milliseconds off) { wall_offset_ = off; }
    /// Never further than the Storage API's time can correct.
    void jump_wall(Milliseconds by) {
        if (std::chrono::abs(wall_offset_) > jumps_stay_within) return;
        wall_offset_ = std::clamp(wall_offset_ + by, -jumps_stay_within, jumps_stay_within);
    }
    /// What a clock that is right shows.
    [[nodiscard]] std::int64_t true_unix_ms() const { return start_unix_ms + now_.count(); }
    [[nodiscard]] std::optional<Milliseconds> next_wakeup() const {
        if (sleepers_.empty()) return std::nullopt;
        return sleepers_.begin()->first.first;
    }
    [[nodiscard]] std::size_t sleepers() const { return sleepers_.size(); }
    /// Wakes the first sleeper whose time has come; false when there is none. One at a time, in an order that follows
    /// from the seed.
    bool wake_one() {
        const auto first = sleepers_.begin();
        if (first == sleepers_.end() || first->first.first > now_) return false;
        Sleeper* sleeper = first->second;
        sleeper->awake = true;
        sleepers_.erase(first);
        sleeper->wake.try_send(boost::system::error_code{});
        return true;
    }
    void advance_to(Milliseconds time) { now_ = std::max(now_, time); }

private:
    static constexpr Milliseconds jumps_stay_within{55 * 60'000};

    struct Sleeper {
        Sleeper(SimulatedClock& owner, Milliseconds until)
            : wake(owner.executor_, 1), clock(owner), place(until, owner.next_++) {
            clock.sleepers_.emplace(place, this);
        }
        Sleeper(const Sleeper&) = delete;
        Sleeper& operator=(const Sleeper&) = delete;
        ~Sleeper() {
            if (!awake) clock.sleepers_.erase(place);
        }

        asio::experimental::channel<void(boost::system::error_code)> wake;
        SimulatedClock& clock;
        std::pair<Milliseconds, std::uint64_t> place;
        bool awake = false;
    };

    asio::any_io_executor executor_;
    Milliseconds now_{0};
    Milliseconds wall_offset_{0};
    std::uint64_t next_ = 0;
    std::map<std::pair<Milliseconds, std::uint64_t>, Sleeper*> sleepers_;
};

}  // namespace emeth::simulation
