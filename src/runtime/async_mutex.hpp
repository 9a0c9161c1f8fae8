// Mutual exclusion between coroutines of one io thread (never between threads), first come first served.
#pragma once

#include <boost/asio/experimental/channel.hpp>
#include <memory>

#include "runtime/task.hpp"

namespace emeth {

class AsyncMutex {
public:
    explicit AsyncMutex(const asio::any_io_executor& executor);

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
    void unlock();
    asio::experimental::channel<void(boost::system::error_code)> token_;  // holds one message while unlocked
};

}  // namespace emeth
