// Mutual exclusion between coroutines of one io thread (never between threads), first come first served.
#pragma once

#include <list>
#include <utility>

#include "runtime/wakeup.hpp"

namespace emeth {

class AsyncMutex {
public:
    explicit AsyncMutex(asio::any_io_executor executor) : executor_(std::move(executor)) {}
    AsyncMutex(const AsyncMutex&) = delete;
    AsyncMutex& operator=(const AsyncMutex&) = delete;

    /// Unlocks when destroyed.
    class Lock {
    public:
        explicit Lock(AsyncMutex& mutex) : mutex_(&mutex) {}
        Lock(Lock&& other) noexcept : mutex_(std::exchange(other.mutex_, nullptr)) {}
        Lock& operator=(Lock&&) = delete;
        Lock(const Lock&) = delete;
        Lock& operator=(const Lock&) = delete;
        ~Lock() {
            if (mutex_ != nullptr) mutex_->unlock();
        }

    private:
        AsyncMutex* mutex_;
    };

    /// Throws operation_aborted when the waiter is cancelled.
    Task<Lock> lock();

private:
    struct Waiter {
        explicit Waiter(const asio::any_io_executor& executor) : granted(executor) {}
        Wakeup granted;
        bool holds = false;
    };
    class Place;
    void unlock();

    asio::any_io_executor executor_;
    bool locked_ = false;
    std::list<Waiter> waiters_;  ///< oldest first; a first one that holds is leaving
};

}  // namespace emeth
