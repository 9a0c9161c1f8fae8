// A clock that stands still until the test moves it.
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/system/system_error.hpp>
#include <list>

#include "runtime/clock.hpp"

namespace emeth::test {

class SteppedClock : public Clock {
public:
    [[nodiscard]] std::int64_t unix_ms() const override { return now_.count(); }
    [[nodiscard]] Milliseconds monotonic() const override { return now_; }

    Task<> sleep(Milliseconds duration) override {
        asio::steady_timer never(co_await asio::this_coro::executor, asio::steady_timer::time_point::max());
        const auto sleeper = sleepers_.insert(sleepers_.end(), Sleeper{now_ + duration, &never});
        co_await never.async_wait(asio::as_tuple(asio::use_awaitable));
        const bool due = sleeper->wake_at <= now_;
        sleepers_.erase(sleeper);
        if (!due) throw boost::system::system_error(asio::error::operation_aborted);
    }

    /// Wakes all sleepers that are due; they continue once the io_context is run.
    void advance(Milliseconds duration) {
        now_ += duration;
        for (const Sleeper& sleeper : sleepers_) {
            if (sleeper.wake_at <= now_) sleeper.timer->cancel();
        }
    }
    [[nodiscard]] std::size_t sleeping() const { return sleepers_.size(); }

private:
    struct Sleeper {
        Milliseconds wake_at;
        asio::steady_timer* timer;
    };

    Milliseconds now_{0};
    std::list<Sleeper> sleepers_;
};

}  // namespace emeth::test
