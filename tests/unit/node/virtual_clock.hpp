// Time that only moves when the test moves it: hours of a JOB's life in milliseconds.
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/experimental/channel.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <list>
#include <memory>

#include "runtime/clock.hpp"

namespace emeth::test {

class VirtualClock final : public Clock {
public:
    explicit VirtualClock(asio::any_io_executor executor) : executor_(std::move(executor)) {}

    [[nodiscard]] std::int64_t unix_ms() const override { return start_unix_ms + now_.count() + wall_jump.count(); }
    [[nodiscard]] Milliseconds monotonic() const override { return now_; }
    Task<> sleep(Milliseconds duration) override {
        Sleeper sleeper(*this, now_ + duration);
        co_await sleeper.wake.async_receive(asio::use_awaitable);
    }

    /// To the first moment at which somebody wakes up; false when nobody sleeps.
    bool advance() {
        if (sleepers_.empty()) return false;
        Milliseconds first = sleepers_.front()->until;
        for (const auto* sleeper : sleepers_) first = std::min(first, sleeper->until);
        if (first > now_) now_ = first;
        for (auto* sleeper : sleepers_)
            if (sleeper->until <= now_) sleeper->wake.try_send(boost::system::error_code{});
        return true;
    }

    /// So much time goes by; what waits for less goes on at the next run of `io`.
    void pass(asio::io_context& io, Milliseconds time) {
        auto sleeping = sleep(time);
        asio::co_spawn(io, std::move(sleeping), [](std::exception_ptr) {});
        io.restart();
        io.poll();
        advance();
    }

    Milliseconds wall_jump{0};  ///< by so much the wall clock was set, forwards or back

    static constexpr std::int64_t start_unix_ms = 1'700'000'000'000;

private:
    struct Sleeper {
        Sleeper(VirtualClock& owner, Milliseconds wake_at)
            : wake(owner.executor_, 1),
              until(wake_at),
              clock(owner),
              place(owner.sleepers_.insert(owner.sleepers_.end(), this)) {}
        Sleeper(const Sleeper&) = delete;
        Sleeper& operator=(const Sleeper&) = delete;
        ~Sleeper() { clock.sleepers_.erase(place); }

        asio::experimental::channel<void(boost::system::error_code)> wake;
        Milliseconds until;
        VirtualClock& clock;
        std::list<Sleeper*>::iterator place;
    };

    asio::any_io_executor executor_;
    Milliseconds now_{0};
    std::list<Sleeper*> sleepers_;
};

}  // namespace emeth::test
