// What anybody may ask as often as he likes, computed once for all who ask within a second. Io thread only.
//
//   BriefCache<std::string> metrics([this] { return compute_metrics(); });
//   const std::string text = co_await metrics.get();
#pragma once

#include <functional>
#include <optional>
#include <utility>

#include "runtime/async_mutex.hpp"
#include "runtime/clock.hpp"
#include "runtime/task.hpp"

namespace emeth {

template <class T>
class BriefCache {
public:
    static constexpr Milliseconds usual_lifetime{1'000};

    /// `clock` must outlive it.
    explicit BriefCache(std::function<Task<T>()> compute, const Clock& clock = system_clock(),
                        Milliseconds lifetime = usual_lifetime)
        : compute_(std::move(compute)), clock_(clock), lifetime_(lifetime) {}

    /// What was computed last, if that was less than the lifetime ago; otherwise computed now, for everybody who waits.
    /// An exception of the computation is the asker's; the next one tries again.
    Task<T> get() {
        if (!mutex_) mutex_.emplace(co_await asio::this_coro::executor);
        auto locking = mutex_->lock();
        const AsyncMutex::Lock lock = co_await std::move(locking);
        if (!value_ || clock_.monotonic() >= computed_at_ + lifetime_) {
            auto computing = compute_();
            value_ = co_await std::move(computing);
            computed_at_ = clock_.monotonic();
        }
        co_return *value_;
    }

private:
    std::function<Task<T>()> compute_;
    const Clock& clock_;
    Milliseconds lifetime_;
    std::optional<AsyncMutex> mutex_;
    std::optional<T> value_;
    Milliseconds computed_at_{0};
};

}  // namespace emeth
