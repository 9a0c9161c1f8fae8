#include "runtime/clock.hpp"

#include <boost/asio/steady_timer.hpp>

namespace emeth {
namespace {

class SystemClock final : public Clock {
public:
    std::int64_t unix_ms() const override {
        return std::chrono::duration_cast<Milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
    }
    Milliseconds monotonic() const override {
        return std::chrono::duration_cast<Milliseconds>(std::chrono::steady_clock::now().time_since_epoch());
    }
    Task<> sleep(Milliseconds duration) override {
        asio::steady_timer timer(co_await asio::this_coro::executor, duration);
        co_await timer.async_wait(asio::use_awaitable);
    }
};

}  // namespace

Clock& system_clock() {
    static SystemClock clock;
    return clock;
}

double seconds_since(Milliseconds start) {
    return std::chrono::duration<double>(system_clock().monotonic() - start).count();
}

}  // namespace emeth
